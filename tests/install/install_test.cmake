# Installs the build, moves the result, checks it, and builds and runs consumer/ against it.
#
#   cmake -D NAME=value ... -P install_test.cmake      (CMakeLists.txt has the names)
cmake_minimum_required(VERSION 3.25)

function(run)
  execute_process(COMMAND ${ARGV} COMMAND_ERROR_IS_FATAL ANY)
endfunction()

# The only place that cannot take the version from CMakeLists.txt.
file(STRINGS "${SOURCE_DIR}/Dockerfile" image_version REGEX "^ARG VERSION=")
if(NOT image_version STREQUAL "ARG VERSION=${VERSION}")
  message(FATAL_ERROR "Dockerfile has \"${image_version}\"; the project is ${VERSION}")
endif()

file(REMOVE_RECURSE "${WORK_DIR}")
run(${CMAKE_COMMAND} --install "${BUILD_DIR}" --prefix "${WORK_DIR}/first")
set(prefix "${WORK_DIR}/moved")
file(RENAME "${WORK_DIR}/first" "${prefix}")

foreach(program IN ITEMS daytonad daytonactl daytona-emulator)
  execute_process(
    COMMAND "${prefix}/${BINDIR}/${program}" --version
    OUTPUT_VARIABLE version
    OUTPUT_STRIP_TRAILING_WHITESPACE COMMAND_ERROR_IS_FATAL ANY)
  if(NOT version STREQUAL "${program} ${VERSION}")
    message(FATAL_ERROR "${program} --version says \"${version}\"; the project is ${VERSION}")
  endif()
endforeach()

file(GLOB_RECURSE contract RELATIVE "${SOURCE_DIR}/proto" "${SOURCE_DIR}/proto/*.proto")
foreach(proto IN LISTS contract)
  if(NOT EXISTS "${prefix}/${DATADIR}/proto/${proto}")
    message(FATAL_ERROR "${proto} is not installed")
  endif()
endforeach()

# Debug information may name the sources.
if(HAS_DEBUG_INFORMATION)
  set(kinds --binary-files=without-match)
endif()
execute_process(
  COMMAND grep --recursive --files-with-matches --fixed-strings ${kinds} -e "${BUILD_DIR}" -e "${SOURCE_DIR}" -e
          "${WORK_DIR}" "${prefix}"
  OUTPUT_VARIABLE found
  RESULT_VARIABLE result)
if(NOT result EQUAL 1)
  message(FATAL_ERROR "installed files name a folder of the build:\n${found}")
endif()

set(consumer "${WORK_DIR}/consumer")
run(${CMAKE_COMMAND}
    -S "${CMAKE_CURRENT_LIST_DIR}/consumer" -B "${consumer}" -G "${GENERATOR}"
    "-DCMAKE_CXX_COMPILER=${CXX_COMPILER}" "-DCMAKE_CXX_FLAGS=${CXX_FLAGS}" "-DCMAKE_PREFIX_PATH=${prefix}"
    "-DEXPECTED_VERSION=${VERSION}")
run(${CMAKE_COMMAND} --build "${consumer}")
run("${consumer}/consumer")
