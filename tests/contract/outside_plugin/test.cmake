# A connector built outside the tree, against the installed SDK only, is one that the hub loads.
add_test(NAME outside_plugin COMMAND "${CMAKE_COMMAND}" "-DBUILD=${CMAKE_BINARY_DIR}" "-DGENERATOR=${CMAKE_GENERATOR}"
  "-DCOMPILER=${CMAKE_CXX_COMPILER}" "-DPROGRAM=$<TARGET_FILE:patchbay>" "-DSOURCE=${CMAKE_CURRENT_LIST_DIR}"
  "-DWORK=${CMAKE_CURRENT_BINARY_DIR}/outside_plugin" -P "${CMAKE_CURRENT_LIST_DIR}/run.cmake")
set_tests_properties(outside_plugin PROPERTIES LABELS contract TIMEOUT 300)
