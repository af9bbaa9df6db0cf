# Writes migrations/*.sql as a C table: cmake -DSOURCES=a;b -DOUTPUT=file -P embed_migrations.cmake
# The files are NNNN_name.sql, numbered from 1 without a gap; the text is embedded byte by byte.
set(arrays "")
set(rows "")
set(expected 1)
foreach(source ${SOURCES})
  get_filename_component(base ${source} NAME_WE)
  if(NOT base MATCHES "^([0-9][0-9][0-9][0-9])_([a-z0-9_]+)$")
    message(FATAL_ERROR "${source}: expected NNNN_name.sql")
  endif()
  set(name ${CMAKE_MATCH_2})
  string(REGEX REPLACE "^0+" "" version ${CMAKE_MATCH_1})
  if(NOT version STREQUAL expected)
    message(FATAL_ERROR "${source}: expected number ${expected}")
  endif()
  math(EXPR expected "${expected} + 1")
  file(READ ${source} bytes HEX)
  string(REGEX REPLACE "0d0a" "0a" bytes "${bytes}")
  string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${bytes}")
  string(APPEND arrays "static const char migration_${version}[] = {${bytes}0};\n")
  string(APPEND rows "    {${version}, \"${name}\", migration_${version}},\n")
endforeach()
math(EXPR count "${expected} - 1")
file(WRITE ${OUTPUT}
  "/* Made from servers/db/migrations. */\n#include \"migrations.h\"\n\n${arrays}\n"
  "const struct migration migration_table[] = {\n${rows}};\n"
  "const uint32_t migration_table_count = ${count};\n")
