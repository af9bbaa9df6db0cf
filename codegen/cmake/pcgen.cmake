# The generator in the build.
#
#   pcgen_generate(<target> YAML <files...> OUTPUT_DIR <dir>)
#
# makes the target <target>, which brings <dir> up to date, and sets in the caller's scope
# pcgen_groups and, for each group, pcgen_files_<group>: absolute paths of the generated files.
# Touching a YAML file, a template or a source of the generator runs it again; as it only writes
# what changes, nothing else is rebuilt.

# Finds an interpreter that has the generator's two modules; the machine's own comes first, for
# python3 on the PATH need not be the one that the packages were installed for.
function(portcullis_find_python)
  if(PORTCULLIS_PYTHON)
    return()
  endif()
  find_program(found_python NAMES python3 python NO_CACHE)
  foreach(candidate /usr/bin/python3 ${found_python})
    if(NOT EXISTS ${candidate})
      continue()
    endif()
    execute_process(
      COMMAND ${candidate} -c "import sys, jinja2, yaml; sys.exit(sys.version_info < (3, 11))"
      RESULT_VARIABLE result OUTPUT_QUIET ERROR_QUIET)
    if(result EQUAL 0)
      set(PORTCULLIS_PYTHON ${candidate} CACHE FILEPATH "Python 3.11 with jinja2 and yaml")
      return()
    endif()
  endforeach()
  message(FATAL_ERROR "No Python 3.11 that can import jinja2 and yaml was found. "
                      "Run: ./scripts/setup (or set PORTCULLIS_PYTHON)")
endfunction()

portcullis_find_python()
set(PCGEN_FOLDER ${CMAKE_CURRENT_LIST_DIR}/..)
cmake_path(NORMAL_PATH PCGEN_FOLDER)
# -I: neither the environment nor the working folder changes what the generator does. Its compiled
# modules and templates are kept in the build tree.
set(PCGEN_COMMAND ${PORTCULLIS_PYTHON} -I -X pycache_prefix=${CMAKE_BINARY_DIR}/pycache
                  ${PCGEN_FOLDER}pcgen_main.py)

function(pcgen_generate target)
  cmake_parse_arguments(arg "" "OUTPUT_DIR" "YAML" ${ARGN})
  set(state ${CMAKE_CURRENT_BINARY_DIR}/${target}.pcgen)
  file(MAKE_DIRECTORY ${state})

  # Which files there will be depends on what the YAML says, so it is asked now. The answer is a
  # file of its own: when a later run of the generator changes it, CMake runs again.
  execute_process(COMMAND ${PCGEN_COMMAND} manifest --cmake ${state}/manifest.cmake ${arg_YAML}
                  RESULT_VARIABLE result)
  if(NOT result EQUAL 0)
    message(FATAL_ERROR "pcgen refused the protocol; see above")
  endif()
  include(${state}/manifest.cmake)
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${state}/manifest.cmake)

  set(files)
  foreach(group ${pcgen_groups})
    list(TRANSFORM pcgen_files_${group} PREPEND ${arg_OUTPUT_DIR}/)
    list(APPEND files ${pcgen_files_${group}})
    set(pcgen_files_${group} ${pcgen_files_${group}} PARENT_SCOPE)
  endforeach()
  set(pcgen_groups ${pcgen_groups} PARENT_SCOPE)

  file(GLOB_RECURSE generator CONFIGURE_DEPENDS ${PCGEN_FOLDER}pcgen_main.py
       ${PCGEN_FOLDER}pcgen/*.py ${PCGEN_FOLDER}templates/*.j2)
  add_custom_command(
    OUTPUT ${state}/stamp
    BYPRODUCTS ${files}
    COMMAND ${PCGEN_COMMAND} gen --out ${arg_OUTPUT_DIR} --stamp ${state}/stamp
            --depfile ${state}/stamp.d --manifest ${state}/manifest.cmake ${arg_YAML}
    DEPENDS ${arg_YAML} ${generator}
    DEPFILE ${state}/stamp.d
    COMMENT "pcgen: compiling the protocol"
    VERBATIM)
  add_custom_target(${target} DEPENDS ${state}/stamp)
endfunction()
