# Third-party libraries as imported targets: pc_dep::inih, ::sqlite, ::sodium, ::cmocka, ::uring.
# Linux: Debian's packages. Windows: built by scripts/mingw_deps into one prefix.

function(portcullis_dependency name)
  cmake_parse_arguments(arg "" "LIBRARY;HEADER;PACKAGE" "" ${ARGN})
  add_library(pc_dep_${name} INTERFACE)
  add_library(pc_dep::${name} ALIAS pc_dep_${name})
  find_path(${name}_INCLUDE_DIR ${arg_HEADER})
  find_library(${name}_LIBRARY ${arg_LIBRARY})
  if(NOT ${name}_INCLUDE_DIR OR NOT ${name}_LIBRARY)
    if(WIN32)
      message(FATAL_ERROR "${name} is missing for Windows. Build it with: ./scripts/mingw_deps")
    endif()
    message(FATAL_ERROR "${name} is missing. Install it with: ./scripts/setup "
                        "(or: sudo apt-get install ${arg_PACKAGE})")
  endif()
  target_include_directories(pc_dep_${name} SYSTEM INTERFACE ${${name}_INCLUDE_DIR})
  target_link_libraries(pc_dep_${name} INTERFACE ${${name}_LIBRARY})
endfunction()

portcullis_dependency(inih HEADER ini.h LIBRARY inih PACKAGE libinih-dev)
portcullis_dependency(sqlite HEADER sqlite3.h LIBRARY sqlite3 PACKAGE libsqlite3-dev)
portcullis_dependency(sodium HEADER sodium.h LIBRARY sodium PACKAGE libsodium-dev)
if(PORTCULLIS_TESTS)
  portcullis_dependency(cmocka HEADER cmocka.h LIBRARY cmocka PACKAGE libcmocka-dev)
endif()
if(WIN32)
  target_compile_definitions(pc_dep_sodium INTERFACE SODIUM_STATIC=1)
  if(PORTCULLIS_TESTS)
    # A peer of the benchmark.
    portcullis_dependency(uv HEADER uv.h LIBRARY uv)
    target_link_libraries(pc_dep_uv INTERFACE psapi user32 advapi32 iphlpapi userenv ws2_32 dbghelp
                          ole32)
  endif()
else()
  # The static one: liburing 2.3's shared library does not export io_uring_enable_rings.
  portcullis_dependency(uring HEADER liburing.h LIBRARY liburing.a PACKAGE liburing-dev)
endif()
