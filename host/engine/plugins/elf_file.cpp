#include "engine/plugins/elf_file.hpp"

#include "platform/base/digest.hpp"

#include <patchbay/sdk/encoding.hpp>

#include <cstring>
#include <elf.h>
#include <fstream>
#include <map>

namespace patchbay::plugins {
namespace {

constexpr std::uintmax_t kFileBytesMax = 256ull * 1024 * 1024;

sdk::Result<std::string> read_file(const std::filesystem::path& file) {
  std::error_code failure;
  if (!std::filesystem::is_regular_file(file, failure))
    return sdk::permanent_error("plugin.file", "it is not a regular file");
  const auto size = std::filesystem::file_size(file, failure);
  if (failure) return sdk::permanent_error("plugin.file", "it cannot be read: " + failure.message());
  if (size > kFileBytesMax) return sdk::permanent_error("plugin.file", "it is larger than 256 MiB");
  std::ifstream stream(file, std::ios::binary);
  std::string bytes(size, '\0');
  if (!stream || !stream.read(bytes.data(), static_cast<std::streamsize>(size))) {
    return sdk::permanent_error("plugin.file", "it cannot be read (permission?)");
  }
  return bytes;
}

/// A structure at an offset, copied out (the file gives no alignment), or nothing where it would reach past the end.
template <typename T>
std::optional<T> structure_at(std::string_view bytes, std::uint64_t offset) {
  if (offset > bytes.size() || bytes.size() - offset < sizeof(T)) return std::nullopt;
  T value;
  std::memcpy(&value, bytes.data() + offset, sizeof(T));
  return value;
}

bool inside(std::string_view bytes, std::uint64_t offset, std::uint64_t length) {
  return offset <= bytes.size() && length <= bytes.size() - offset;
}

sdk::Result<Elf64_Ehdr> check_header(std::string_view bytes) {
  const auto header = structure_at<Elf64_Ehdr>(bytes, 0);
  if (!header || std::memcmp(header->e_ident, ELFMAG, SELFMAG) != 0) {
    return sdk::permanent_error("plugin.file", "it is not an ELF shared library");
  }
  if (header->e_ident[EI_CLASS] != ELFCLASS64 || header->e_type != ET_DYN || header->e_machine != EM_X86_64) {
    return sdk::permanent_error("plugin.file", "it is not a 64-bit shared library of this machine's kind");
  }
  if (header->e_shentsize != sizeof(Elf64_Shdr) || header->e_phentsize != sizeof(Elf64_Phdr) ||
      !inside(bytes, header->e_shoff, std::uint64_t{header->e_shnum} * sizeof(Elf64_Shdr)) ||
      !inside(bytes, header->e_phoff, std::uint64_t{header->e_phnum} * sizeof(Elf64_Phdr))) {
    return sdk::permanent_error("plugin.file",
                                "it is truncated: its section or program headers lie beyond the end of the file");
  }
  return *header;
}

sdk::Result<void> check_segments(std::string_view bytes, const Elf64_Ehdr& header) {
  for (unsigned index = 0; index < header.e_phnum; ++index) {
    const auto segment = structure_at<Elf64_Phdr>(bytes, header.e_phoff + index * sizeof(Elf64_Phdr));
    if (segment && segment->p_type == PT_LOAD && !inside(bytes, segment->p_offset, segment->p_filesz)) {
      return sdk::permanent_error("plugin.file", "it is truncated: a segment reaches beyond the end of the file");
    }
  }
  return {};
}

std::optional<std::string> find_section(std::string_view bytes, const Elf64_Ehdr& header, std::string_view wanted) {
  const auto names = structure_at<Elf64_Shdr>(bytes, header.e_shoff + header.e_shstrndx * sizeof(Elf64_Shdr));
  if (header.e_shstrndx >= header.e_shnum || !names || !inside(bytes, names->sh_offset, names->sh_size))
    return std::nullopt;
  const std::string_view table = bytes.substr(names->sh_offset, names->sh_size);
  for (unsigned index = 0; index < header.e_shnum; ++index) {
    const auto section = structure_at<Elf64_Shdr>(bytes, header.e_shoff + index * sizeof(Elf64_Shdr));
    if (!section || section->sh_name >= table.size()) continue;
    const std::string_view rest = table.substr(section->sh_name);
    if (rest.substr(0, rest.find('\0')) != wanted || section->sh_type == SHT_NOBITS) continue;
    if (!inside(bytes, section->sh_offset, section->sh_size)) return std::nullopt;
    return std::string(bytes.substr(section->sh_offset, section->sh_size));
  }
  return std::nullopt;
}

std::map<std::string, std::string> split_tag(std::string_view tag) {
  std::map<std::string, std::string> parts;
  while (!tag.empty()) {
    const auto end = tag.find(';');
    const std::string_view part = tag.substr(0, end);
    if (const auto equals = part.find('='); equals != std::string_view::npos) {
      parts.emplace(part.substr(0, equals), part.substr(equals + 1));
    }
    tag = end == std::string_view::npos ? std::string_view() : tag.substr(end + 1);
  }
  return parts;
}

}  // namespace

sdk::Result<std::string> read_build_tag(const std::filesystem::path& file) {
  PATCHBAY_ASSIGN(const std::string bytes, read_file(file));
  PATCHBAY_ASSIGN(const Elf64_Ehdr header, check_header(bytes));
  PATCHBAY_TRY(check_segments(bytes, header));
  auto tag = find_section(bytes, header, ".patchbay.tag");
  if (!tag) {
    return sdk::permanent_error("plugin.no_tag",
                                "it is a shared library but no Patchbay plugin (PATCHBAY_PLUGIN is missing)");
  }
  return tag->substr(0, tag->find('\0'));
}

sdk::Result<std::string> file_sha256(const std::filesystem::path& file) {
  PATCHBAY_ASSIGN(const std::string bytes, read_file(file));
  return sdk::hex_encode(base::sha256(bytes));
}

std::string describe_tag_difference(std::string_view plugin_tag, std::string_view own_tag) {
  const auto theirs = split_tag(plugin_tag);
  const auto ours = split_tag(own_tag);
  std::string text;
  for (const auto& [name, own] : ours) {
    const auto other = theirs.find(name);
    if (other != theirs.end() && other->second == own) continue;
    if (!text.empty()) text += "; ";
    text += name + ": the plugin has " + (other == theirs.end() ? "nothing" : other->second) + ", this hub " + own;
  }
  return text.empty() ? "the tags differ" : text;
}

}  // namespace patchbay::plugins
