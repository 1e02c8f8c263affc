# Flags are set once for every target: a precompiled header is dropped in silence as soon as one flag differs.
set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_POSITION_INDEPENDENT_CODE OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_CXX_VISIBILITY_PRESET hidden)
set(CMAKE_VISIBILITY_INLINES_HIDDEN ON)
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}")

if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE Release CACHE STRING "" FORCE)
endif()

set(PATCHBAY_SANITIZER "" CACHE STRING "Sanitizer: empty, address or thread")

add_compile_options(-fPIC)
add_link_options($<$<STREQUAL:$<TARGET_PROPERTY:TYPE>,EXECUTABLE>:-pie>)
# -Wpedantic changes a predefined macro, so it must hold for the precompiled header as well.
add_compile_options(-Winvalid-pch -Wpedantic)
add_compile_definitions(
  BOOST_ALL_NO_LIB BOOST_DLL_USE_STD_FS BOOST_ASIO_SEPARATE_COMPILATION BOOST_BEAST_SEPARATE_COMPILATION
  BOOST_ASIO_NO_DEPRECATED)
if(PATCHBAY_SANITIZER STREQUAL "address")
  add_compile_options(-fsanitize=address,undefined -fno-omit-frame-pointer -fno-sanitize-recover=undefined)
  add_link_options(-fsanitize=address,undefined)
elseif(PATCHBAY_SANITIZER STREQUAL "thread")
  # Asio uses atomic_thread_fence, which this sanitizer does not model.
  add_compile_options(-fsanitize=thread -fno-omit-frame-pointer -Wno-tsan)
  add_link_options(-fsanitize=thread)
endif()

find_program(PATCHBAY_CCACHE ccache)
if(PATCHBAY_CCACHE)
  # Measured: without the sloppiness no object that uses the precompiled header is ever found again.
  set(CMAKE_CXX_COMPILER_LAUNCHER "${CMAKE_COMMAND}" -E env
    CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime
    CCACHE_BASEDIR=${CMAKE_SOURCE_DIR} CCACHE_NOHASHDIR=1 "${PATCHBAY_CCACHE}")
endif()
find_program(PATCHBAY_MOLD mold)
if(PATCHBAY_MOLD AND NOT PATCHBAY_SANITIZER)
  add_link_options(-fuse-ld=mold)
endif()

# The last three are g++ 12's false alarms on moved std::strings at -O2 (GCC bugs 105329, 105562, 105651).
set(PATCHBAY_WARNINGS -Wall -Wextra -Wshadow -Wconversion -Wnon-virtual-dtor -Werror
  -Wno-array-bounds -Wno-restrict -Wno-stringop-overflow)
if(PATCHBAY_SANITIZER)
  list(APPEND PATCHBAY_WARNINGS -Wno-maybe-uninitialized)  # its checks hide from the compiler what was set before them
endif()
