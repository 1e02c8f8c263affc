// Looks at a library as bytes. dlopen of a truncated file kills the process, so nothing is opened as code before this.
#pragma once

#include <patchbay/sdk/result.hpp>

#include <filesystem>
#include <string>

namespace patchbay::plugins {

/// A shared library of this machine's kind whose section header table and every loaded segment lie inside the file.
/// Returns the bytes of section `.patchbay.tag`, or an error: "plugin.file" (unreadable, no ELF, truncated) or
/// "plugin.no_tag" (a library, but no plugin).
sdk::Result<std::string> read_build_tag(const std::filesystem::path& file);

/// Lower-case hex SHA-256 of the file.
sdk::Result<std::string> file_sha256(const std::filesystem::path& file);

/// What differs between two build tags, for a person: "compiler: the plugin has gcc-11, this hub gcc-12".
std::string describe_tag_difference(std::string_view plugin_tag, std::string_view own_tag);

}  // namespace patchbay::plugins
