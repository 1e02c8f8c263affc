# One function for each kind of target. Sources are listed, never globbed.
include(GoogleTest)

# The one precompiled header, shared by every target: standard headers and the JSON value that crosses every border.
file(WRITE "${CMAKE_BINARY_DIR}/pch/empty.cpp" "")
add_library(patchbay_pch STATIC "${CMAKE_BINARY_DIR}/pch/empty.cpp")
target_precompile_headers(patchbay_pch PRIVATE
  <algorithm> <array> <atomic> <chrono> <cstdint> <deque> <filesystem> <functional> <map> <memory> <mutex> <optional>
  <set> <span> <sstream> <string> <string_view> <thread> <unordered_map> <utility> <variant> <vector> <boost/json.hpp>)

function(patchbay_settings target)
  target_compile_options(${target} PRIVATE ${PATCHBAY_WARNINGS})
  target_precompile_headers(${target} REUSE_FROM patchbay_pch)
endfunction()

# patchbay_test(NAME base LABEL unit SOURCES a_test.cpp LINK patchbay_base)
function(patchbay_test)
  cmake_parse_arguments(ARG "" "NAME;LABEL;TIMEOUT" "SOURCES;LINK" ${ARGN})
  add_executable(${ARG_NAME}_test ${ARG_SOURCES})
  patchbay_settings(${ARG_NAME}_test)
  set_target_properties(${ARG_NAME}_test PROPERTIES RUNTIME_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/tests")
  target_include_directories(${ARG_NAME}_test PRIVATE "${CMAKE_SOURCE_DIR}/host" "${CMAKE_SOURCE_DIR}")
  target_compile_definitions(${ARG_NAME}_test PRIVATE
    PATCHBAY_SOURCE_DIR="${CMAKE_SOURCE_DIR}" PATCHBAY_BUILD_DIR="${CMAKE_BINARY_DIR}")
  target_link_libraries(${ARG_NAME}_test PRIVATE ${ARG_LINK} GTest::gmock GTest::gtest_main Threads::Threads)
  if(NOT ARG_TIMEOUT)
    set(ARG_TIMEOUT 120)
  endif()
  if(ARG_LABEL STREQUAL "unit" OR ARG_LABEL STREQUAL "contract")
    gtest_discover_tests(${ARG_NAME}_test TEST_PREFIX "${ARG_NAME}." DISCOVERY_MODE PRE_TEST
      PROPERTIES LABELS ${ARG_LABEL} TIMEOUT ${ARG_TIMEOUT})
  else()
    add_test(NAME ${ARG_NAME} COMMAND ${ARG_NAME}_test)
    set_tests_properties(${ARG_NAME} PROPERTIES LABELS ${ARG_LABEL} TIMEOUT ${ARG_TIMEOUT})
  endif()
endfunction()

# patchbay_component(NAME net DEPENDS base http SOURCES … TESTS … LIBRARIES <third parties>)
# DEPENDS names parts by their folder; what a part may include follows from it.
function(patchbay_component)
  cmake_parse_arguments(ARG "" "NAME" "DEPENDS;SOURCES;TESTS;LIBRARIES" ${ARGN})
  add_library(patchbay_${ARG_NAME} STATIC ${ARG_SOURCES})
  patchbay_settings(patchbay_${ARG_NAME})
  target_include_directories(patchbay_${ARG_NAME} PUBLIC "${CMAKE_SOURCE_DIR}/host")
  target_link_libraries(patchbay_${ARG_NAME} PUBLIC patchbay_sdk)
  foreach(part IN LISTS ARG_DEPENDS)
    target_link_libraries(patchbay_${ARG_NAME} PUBLIC patchbay_${part})
  endforeach()
  target_link_libraries(patchbay_${ARG_NAME} PRIVATE ${ARG_LIBRARIES})
  if(ARG_TESTS)
    patchbay_test(NAME ${ARG_NAME} LABEL unit SOURCES ${ARG_TESTS} LINK patchbay_${ARG_NAME} ${ARG_LIBRARIES})
  endif()
endfunction()

# patchbay_plugin(NAME stripe SOURCES … TESTS …): an object core that tests link, and the module the hub loads.
function(patchbay_plugin)
  cmake_parse_arguments(ARG "" "NAME" "SOURCES;TESTS" ${ARGN})
  add_library(plugin_${ARG_NAME}_core OBJECT ${ARG_SOURCES})
  patchbay_settings(plugin_${ARG_NAME}_core)
  target_link_libraries(plugin_${ARG_NAME}_core PUBLIC patchbay_sdk)
  add_library(plugin_${ARG_NAME} MODULE)
  target_link_libraries(plugin_${ARG_NAME} PRIVATE plugin_${ARG_NAME}_core)
  set_target_properties(plugin_${ARG_NAME} PROPERTIES PREFIX "" OUTPUT_NAME ${ARG_NAME}
    LIBRARY_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/plugins")
  if(TARGET all_plugins)
    add_dependencies(all_plugins plugin_${ARG_NAME})
  endif()
  # The mapping and the manifest travel with the library: the hub reads both from the folder it loads from.
  foreach(file mapping manifest)
    if(EXISTS "${CMAKE_CURRENT_SOURCE_DIR}/${file}.yaml")
      add_custom_command(TARGET plugin_${ARG_NAME} POST_BUILD COMMAND ${CMAKE_COMMAND} -E copy_if_different
        "${CMAKE_CURRENT_SOURCE_DIR}/${file}.yaml" "${CMAKE_BINARY_DIR}/plugins/${ARG_NAME}.${file}.yaml")
    endif()
  endforeach()
  if(ARG_TESTS)
    patchbay_test(NAME plugin_${ARG_NAME} LABEL contract SOURCES ${ARG_TESTS}
      LINK plugin_${ARG_NAME}_core patchbay_sdk_testing)
    target_compile_definitions(plugin_${ARG_NAME}_test PRIVATE PATCHBAY_PLUGIN_SOURCE_DIR="${CMAKE_CURRENT_SOURCE_DIR}")
  endif()
endfunction()
