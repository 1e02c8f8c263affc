// YAML as a tree of own nodes with the place each came from; yaml-cpp stays behind yaml.cpp.
#pragma once

#include <patchbay/sdk/result.hpp>

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace patchbay::base::yaml {

struct Place {
  std::string file;
  int line = 0;              // from 1
  int column = 0;            // from 1
  std::string text() const;  // "config/patchbay.yaml:12:3"
};

class Node {
 public:
  enum class Kind { kNull, kScalar, kList, kMap };

  Kind kind = Kind::kNull;
  std::string scalar;
  bool quoted = false;  // "yes" in quotes is a text
  std::vector<Node> items;
  std::vector<std::pair<std::string, Node>> members;  // in file order; duplicate keys are a load error
  Place place;
  Place key_place;  // of the key, where the node is a member of a map

  bool is_null() const { return kind == Kind::kNull; }
  const Node* find(std::string_view key) const;
  /// kInvalid naming file, line, column.
  sdk::Error error(std::string code, std::string message) const;
  sdk::Result<std::string> text() const;
  sdk::Result<bool> boolean() const;
  sdk::Result<long long> integer() const;
  sdk::Result<std::vector<std::string>> texts() const;  // a list of scalars, or one scalar
};

sdk::Result<Node> load_file(const std::filesystem::path& file);
sdk::Result<Node> parse(std::string_view text, std::string_view file_name);

/// The known name nearest to a mistyped one (edit distance at most 3), or empty.
std::string nearest_name(std::string_view name, const std::vector<std::string>& known);

}  // namespace patchbay::base::yaml
