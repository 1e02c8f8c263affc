// How a library announces its plugin: one POD descriptor, found by name, and a build tag that is read as bytes from the
// file before any code of it runs.
#pragma once

#include <patchbay/sdk/service_client.hpp>

#include <boost/version.hpp>

#include <cstdint>

/// Raised whenever anything in the public headers changes in a way that old plugins cannot survive.
#define PATCHBAY_SDK_ABI_VERSION 2

#define PATCHBAY_STRINGIFY_INNER(x) #x
#define PATCHBAY_STRINGIFY(x) PATCHBAY_STRINGIFY_INNER(x)

#if defined(__SANITIZE_ADDRESS__)
#define PATCHBAY_BUILD_SANITIZER "address"
#elif defined(__SANITIZE_THREAD__)
#define PATCHBAY_BUILD_SANITIZER "thread"
#else
#define PATCHBAY_BUILD_SANITIZER "none"
#endif

/// Everything that must be equal on both sides for C++ types to cross the boundary, as `key=value;` text.
#define PATCHBAY_BUILD_TAG \
  "patchbay-plugin;sdk=" PATCHBAY_STRINGIFY(PATCHBAY_SDK_ABI_VERSION) ";compiler=gcc-" PATCHBAY_STRINGIFY(__GNUC__) \
  ";cxxabi=" PATCHBAY_STRINGIFY(__GXX_ABI_VERSION) ";cxx11abi=" PATCHBAY_STRINGIFY(_GLIBCXX_USE_CXX11_ABI)          \
  ";boost=" BOOST_LIB_VERSION ";json=shared;sanitizer=" PATCHBAY_BUILD_SANITIZER ";"

namespace patchbay::sdk {

/// The only thing a plugin library exports, under the name `patchbay_plugin`. Fields are only ever appended; `size`
/// tells the reader how many there are. `create` makes the plugin; the host owns the result and never unloads the
/// library.
struct PluginDescriptor {
  std::uint32_t size;             ///< sizeof(PluginDescriptor) of the plugin's build.
  std::uint32_t sdk_abi_version;  ///< PATCHBAY_SDK_ABI_VERSION of the plugin's build.
  const char* build_tag;          ///< PATCHBAY_BUILD_TAG of the plugin's build.
  const char* name;               ///< Connector name, equals Description::name.
  /// Returns nullptr and fills `error` (at most `error_size` bytes, terminated) instead of throwing.
  Plugin* (*create)(char* error, std::size_t error_size);
};

template <typename PluginType>
Plugin* create_plugin(char* error, std::size_t error_size) noexcept;

}  // namespace patchbay::sdk

/// Name of the exported symbol.
#define PATCHBAY_PLUGIN_SYMBOL "patchbay_plugin"

/// Once in a plugin: PATCHBAY_PLUGIN("stripe", StripePlugin). The type is default constructible and derives from
/// sdk::Plugin.
#define PATCHBAY_PLUGIN(plugin_name, PluginType)                                                            \
  extern "C" {                                                                                              \
  extern __attribute__((section(".patchbay.tag"), visibility("default"))) const char patchbay_build_tag[];  \
  extern __attribute__((visibility("default"))) const ::patchbay::sdk::PluginDescriptor patchbay_plugin;    \
  __attribute__((used)) const char patchbay_build_tag[] = PATCHBAY_BUILD_TAG;                               \
  __attribute__((used)) const ::patchbay::sdk::PluginDescriptor patchbay_plugin = {                         \
      sizeof(::patchbay::sdk::PluginDescriptor), PATCHBAY_SDK_ABI_VERSION, patchbay_build_tag, plugin_name, \
      &::patchbay::sdk::create_plugin<PluginType>};                                                         \
  }                                                                                                         \
  static_assert(std::is_base_of_v<::patchbay::sdk::Plugin, PluginType>,                                     \
                "the type must derive from patchbay::sdk::Plugin")

namespace patchbay::sdk {

namespace detail {
void copy_error_text(char* target, std::size_t size, const char* text) noexcept;
}

template <typename PluginType>
Plugin* create_plugin(char* error, std::size_t error_size) noexcept {
  try {
    return std::make_unique<PluginType>().release();
  } catch (const std::exception& thrown) {
    detail::copy_error_text(error, error_size, thrown.what());
  } catch (...) {
    detail::copy_error_text(error, error_size, "an exception of unknown type");
  }
  return nullptr;
}

}  // namespace patchbay::sdk
