# The interface library every target of the project links: warnings, definitions, sanitizers.
add_library(portcullis_options INTERFACE)

target_compile_options(portcullis_options INTERFACE
  -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Wswitch-enum -Wvla -Werror
  $<$<COMPILE_LANGUAGE:C>:-Wmissing-prototypes> $<$<COMPILE_LANGUAGE:C>:-Wstrict-prototypes>)

if(PORTCULLIS_CHECKED)
  target_compile_definitions(portcullis_options INTERFACE PC_CHECKED=1)
endif()

if(PORTCULLIS_SANITIZE)
  target_compile_options(portcullis_options INTERFACE
    -fsanitize=${PORTCULLIS_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer -O1)
  target_link_options(portcullis_options INTERFACE -fsanitize=${PORTCULLIS_SANITIZE})
endif()

if(PORTCULLIS_FUZZ)
  target_compile_options(portcullis_options INTERFACE -fsanitize=fuzzer-no-link)
endif()
