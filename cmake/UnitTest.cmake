# daytonad_unit_test(foo_test.cc LIBS target ... [LABELS label ...])
#
# One program per test file, named after it and its folder (daemon_net_http_client_test), found by ctest case by case.
function(daytonad_unit_test SOURCE)
  if(NOT DAYTONAD_BUILD_TESTS)
    return()
  endif()
  cmake_parse_arguments(ARG "" "TIMEOUT" "LIBS;LABELS;SOURCES" ${ARGN})
  if(NOT ARG_TIMEOUT)
    set(ARG_TIMEOUT 60)
  endif()
  if(DAYTONAD_SANITIZE) # which makes code several times slower
    math(EXPR ARG_TIMEOUT "5 * ${ARG_TIMEOUT}")
  endif()
  if(NOT ARG_LABELS)
    set(ARG_LABELS unit)
  endif()
  file(RELATIVE_PATH folder "${CMAKE_SOURCE_DIR}" "${CMAKE_CURRENT_SOURCE_DIR}")
  string(REPLACE "/" "_" prefix "${folder}")
  get_filename_component(stem "${SOURCE}" NAME_WE)
  set(target "${prefix}_${stem}")
  add_executable(${target} "${SOURCE}" ${ARG_SOURCES})
  target_link_libraries(${target} PRIVATE ${ARG_LIBS} daytonad_compile_options GTest::gmock GTest::gtest_main)
  set_target_properties(${target} PROPERTIES RUNTIME_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/tests")
  include(GoogleTest)
  gtest_discover_tests(
    ${target}
    TEST_PREFIX "${prefix}."
    DISCOVERY_TIMEOUT 60
    PROPERTIES TIMEOUT ${ARG_TIMEOUT} LABELS "${ARG_LABELS}")
endfunction()
