# Toolchain: build for 64-bit Windows on Linux with mingw-w64; programs run under Wine in tests.
# The win32 thread model is chosen because nothing here needs winpthreads; all is linked statically
# so that an .exe runs with no DLL beside it.
set(CMAKE_SYSTEM_NAME Windows)
set(CMAKE_SYSTEM_PROCESSOR x86_64)

set(portcullis_mingw x86_64-w64-mingw32)
find_program(CMAKE_C_COMPILER NAMES ${portcullis_mingw}-gcc-win32 ${portcullis_mingw}-gcc REQUIRED)
set(CMAKE_RC_COMPILER ${portcullis_mingw}-windres)

# Windows 7 is the oldest system whose calls may be used; stdio follows C99, not msvcrt's %I64u.
set(CMAKE_C_FLAGS_INIT
    "-D_WIN32_WINNT=0x0601 -DWIN32_LEAN_AND_MEAN -D__USE_MINGW_ANSI_STDIO=1")
set(CMAKE_EXE_LINKER_FLAGS_INIT "-static")

if(NOT DEFINED PORTCULLIS_MINGW_DEPS)
  set(PORTCULLIS_MINGW_DEPS "$ENV{PORTCULLIS_MINGW_DEPS}")
endif()
if(NOT PORTCULLIS_MINGW_DEPS)
  get_filename_component(PORTCULLIS_MINGW_DEPS
                         "${CMAKE_CURRENT_LIST_DIR}/../../build/mingw-deps" ABSOLUTE)
endif()
list(APPEND CMAKE_TRY_COMPILE_PLATFORM_VARIABLES PORTCULLIS_MINGW_DEPS)

set(CMAKE_FIND_ROOT_PATH /usr/${portcullis_mingw} "${PORTCULLIS_MINGW_DEPS}")
set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_INCLUDE ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_PACKAGE ONLY)
# The prefix holds include/ and lib/ itself.
set(CMAKE_PREFIX_PATH "/")

set(CMAKE_CROSSCOMPILING_EMULATOR "${CMAKE_CURRENT_LIST_DIR}/../wine")
