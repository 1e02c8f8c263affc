# Two components: `sdk` is what a connector outside this tree is built against, `hub` the programs with their plugins.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

set(PATCHBAY_SDK_CMAKE_DIR "${CMAKE_INSTALL_LIBDIR}/cmake/PatchbaySDK")
set_target_properties(patchbay_sdk PROPERTIES EXPORT_NAME sdk)
set_target_properties(patchbay_sdk_testing PROPERTIES EXPORT_NAME testing)
install(TARGETS patchbay_sdk patchbay_sdk_testing EXPORT PatchbaySDKTargets
  ARCHIVE DESTINATION "${CMAKE_INSTALL_LIBDIR}" COMPONENT sdk)
install(EXPORT PatchbaySDKTargets NAMESPACE PatchbaySDK:: DESTINATION "${PATCHBAY_SDK_CMAKE_DIR}" COMPONENT sdk)
install(DIRECTORY include/patchbay testing/include/patchbay DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}" COMPONENT sdk)

string(REGEX MATCH "^[0-9]+" PATCHBAY_COMPILER_MAJOR "${CMAKE_CXX_COMPILER_VERSION}")
configure_package_config_file(PatchbaySDKConfig.cmake.in "${CMAKE_CURRENT_BINARY_DIR}/PatchbaySDKConfig.cmake"
  INSTALL_DESTINATION "${PATCHBAY_SDK_CMAKE_DIR}")
write_basic_package_version_file("${CMAKE_CURRENT_BINARY_DIR}/PatchbaySDKConfigVersion.cmake"
  COMPATIBILITY SameMinorVersion)
install(FILES "${CMAKE_CURRENT_BINARY_DIR}/PatchbaySDKConfig.cmake" "${CMAKE_CURRENT_BINARY_DIR}/PatchbaySDKConfigVersion.cmake"
  DESTINATION "${PATCHBAY_SDK_CMAKE_DIR}" COMPONENT sdk)

# The programs look for plugins/ beside themselves. Their targets come later, and not all of them in every configuration.
function(patchbay_install_hub)
  include(GNUInstallDirs)  # runs in the top folder, which has not got its variables
  foreach(program patchbay patchbay-sandbox)
    if(TARGET ${program})
      install(TARGETS ${program} RUNTIME DESTINATION "${CMAKE_INSTALL_BINDIR}" COMPONENT hub)
    endif()
  endforeach()
  foreach(plugin IN LISTS PATCHBAY_PLUGINS)
    if(TARGET plugin_${plugin})
      install(TARGETS plugin_${plugin} LIBRARY DESTINATION "${CMAKE_INSTALL_BINDIR}/plugins" COMPONENT hub)
      foreach(file mapping manifest)
        install(FILES "${CMAKE_SOURCE_DIR}/plugins/${plugin}/${file}.yaml" DESTINATION "${CMAKE_INSTALL_BINDIR}/plugins"
          RENAME ${plugin}.${file}.yaml COMPONENT hub OPTIONAL)
      endforeach()
    endif()
  endforeach()
  install(FILES "${CMAKE_SOURCE_DIR}/config/patchbay.yaml" DESTINATION "${CMAKE_INSTALL_DATADIR}/patchbay" COMPONENT hub)
endfunction()
cmake_language(DEFER DIRECTORY "${CMAKE_SOURCE_DIR}" CALL patchbay_install_hub)
