#include "platform/base/yaml.hpp"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/mark.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <charconv>
#include <fstream>
#include <numeric>
#include <set>
#include <sstream>

namespace patchbay::base::yaml {
namespace {

constexpr std::size_t kBytesMax = 4 * 1024 * 1024;
constexpr std::size_t kDepthMax = 64;
constexpr std::size_t kNearestDistanceMax = 3;

/// Carries an error through yaml-cpp's parser, which knows no other way to be stopped.
struct LoadStopped {
  sdk::Error error;
};

sdk::Error error_at(const Place& place, std::string code, const std::string& message) {
  return sdk::invalid_error(std::move(code), place.text() + ": " + message);
}

/// Builds the tree from the parser's events.
class TreeBuilder : public YAML::EventHandler {
 public:
  explicit TreeBuilder(std::string_view file_name) : file_(file_name) {}

  Node take_root() { return std::move(root_); }

  void OnDocumentStart(const YAML::Mark&) override {}
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark& mark, YAML::anchor_t) override { add(make_node(Node::Kind::kNull, mark)); }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t) override {
    // An alias may multiply a small file into a huge tree.
    throw LoadStopped{error_at(place_of(mark), "yaml.alias", "aliases (*name) are not allowed here")};
  }
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t, const std::string& value) override {
    if (!frames_.empty() && frames_.back().node.kind == Node::Kind::kMap && !frames_.back().has_key) {
      return begin_member(mark, value);
    }
    Node node = make_node(Node::Kind::kScalar, mark);
    node.scalar = value;
    node.quoted = tag == "!";
    add(std::move(node));
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t, YAML::EmitterStyle::value) override {
    open(make_node(Node::Kind::kList, mark));
  }
  void OnSequenceEnd() override { close(); }
  void OnMapStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t, YAML::EmitterStyle::value) override {
    open(make_node(Node::Kind::kMap, mark));
  }
  void OnMapEnd() override { close(); }

 private:
  /// A list or map that is not finished.
  struct Frame {
    Node node;
    bool has_key = false;
    std::string key;
    Place key_place;
    std::set<std::string> keys;
  };

  Place place_of(const YAML::Mark& mark) const { return {file_, mark.line + 1, mark.column + 1}; }

  Node make_node(Node::Kind kind, const YAML::Mark& mark) const {
    Node node;
    node.kind = kind;
    node.place = place_of(mark);
    return node;
  }

  void begin_member(const YAML::Mark& mark, const std::string& key) {
    Frame& frame = frames_.back();
    frame.key_place = place_of(mark);
    if (!frame.keys.insert(key).second) {
      throw LoadStopped{error_at(frame.key_place, "yaml.duplicate_key", "the key '" + key + "' stands here twice")};
    }
    frame.key = key;
    frame.has_key = true;
  }

  void open(Node node) {
    if (frames_.size() >= kDepthMax) {
      throw LoadStopped{
          error_at(node.place, "yaml.depth", "nested more than " + std::to_string(kDepthMax) + " levels deep")};
    }
    frames_.emplace_back().node = std::move(node);
  }

  void close() {
    Node node = std::move(frames_.back().node);
    frames_.pop_back();
    add(std::move(node));
  }

  void add(Node node) {
    if (frames_.empty()) {
      root_ = std::move(node);
      return;
    }
    Frame& frame = frames_.back();
    if (frame.node.kind == Node::Kind::kList) {
      frame.node.items.push_back(std::move(node));
      return;
    }
    if (!frame.has_key) throw LoadStopped{error_at(node.place, "yaml.key", "a key must be a plain word")};
    node.key_place = frame.key_place;
    frame.node.members.emplace_back(std::move(frame.key), std::move(node));
    frame.has_key = false;
  }

  const std::string file_;
  std::vector<Frame> frames_;
  Node root_;
};

sdk::Result<Node> parse_document(std::string_view text, std::string_view file_name) {
  std::istringstream stream{std::string(text)};
  YAML::Parser parser(stream);
  TreeBuilder builder(file_name);
  if (!parser.HandleNextDocument(builder)) {
    Node empty;
    empty.place = {std::string(file_name), 1, 1};
    return empty;
  }
  Node root = builder.take_root();
  TreeBuilder second(file_name);
  if (parser.HandleNextDocument(second)) {
    return error_at(second.take_root().place, "yaml.documents", "a second document begins here; only one is allowed");
  }
  return root;
}

std::size_t edit_distance(std::string_view left, std::string_view right) {
  std::vector<std::size_t> row(right.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 1; i <= left.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= right.size(); ++j) {
      const std::size_t replaced = diagonal + (left[i - 1] == right[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({replaced, row[j] + 1, row[j - 1] + 1});
    }
  }
  return row.back();
}

}  // namespace

std::string Place::text() const {
  return file + ":" + std::to_string(line) + ":" + std::to_string(column);
}

const Node* Node::find(std::string_view key) const {
  for (const auto& [name, node] : members) {
    if (name == key) return &node;
  }
  return nullptr;
}

sdk::Error Node::error(std::string code, std::string message) const {
  return error_at(place, std::move(code), message);
}

sdk::Result<std::string> Node::text() const {
  if (kind != Kind::kScalar) return error("yaml.type", "a text is expected here");
  return scalar;
}

sdk::Result<bool> Node::boolean() const {
  static constexpr std::string_view kTrue[] = {"true", "yes", "on"};
  static constexpr std::string_view kFalse[] = {"false", "no", "off"};
  if (kind == Kind::kScalar && !quoted) {
    if (std::find(std::begin(kTrue), std::end(kTrue), scalar) != std::end(kTrue)) return true;
    if (std::find(std::begin(kFalse), std::end(kFalse), scalar) != std::end(kFalse)) return false;
  }
  return error("yaml.type", "true or false is expected here");
}

sdk::Result<long long> Node::integer() const {
  long long number = 0;
  if (kind == Kind::kScalar && !quoted) {
    const char* end = scalar.data() + scalar.size();
    const auto read = std::from_chars(scalar.data(), end, number);
    if (read.ec == std::errc() && read.ptr == end) return number;
  }
  return error("yaml.type", "a whole number is expected here");
}

sdk::Result<std::vector<std::string>> Node::texts() const {
  std::vector<std::string> texts;
  if (kind == Kind::kNull) return texts;
  if (kind == Kind::kScalar) return std::vector<std::string>{scalar};
  if (kind != Kind::kList) return error("yaml.type", "a list of texts is expected here");
  for (const Node& item : items) {
    PATCHBAY_ASSIGN(std::string text, item.text());
    texts.push_back(std::move(text));
  }
  return texts;
}

sdk::Result<Node> load_file(const std::filesystem::path& file) {
  std::ifstream stream(file, std::ios::binary);
  if (!stream) return sdk::not_found_error("yaml.file", "The file " + file.string() + " cannot be opened.");
  std::string text(kBytesMax + 1, '\0');
  stream.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (stream.bad()) return sdk::permanent_error("yaml.file", "The file " + file.string() + " cannot be read.");
  text.resize(static_cast<std::size_t>(stream.gcount()));
  return parse(text, file.string());
}

sdk::Result<Node> parse(std::string_view text, std::string_view file_name) {
  const std::string name(file_name);
  if (text.size() > kBytesMax) return sdk::invalid_error("yaml.too_large", name + ": the file is larger than 4 MiB");
  if (text.find('\0') != std::string_view::npos)
    return sdk::invalid_error("yaml.syntax", name + ": the file is not a text");
  try {
    return parse_document(text, file_name);
  } catch (const LoadStopped& stopped) {
    return stopped.error;
  } catch (const YAML::Exception& thrown) {
    return error_at({name, thrown.mark.line + 1, thrown.mark.column + 1}, "yaml.syntax", thrown.msg);
  }
}

std::string nearest_name(std::string_view name, const std::vector<std::string>& known) {
  std::string nearest;
  std::size_t least = kNearestDistanceMax + 1;
  for (const std::string& candidate : known) {
    const std::size_t longer = std::max(candidate.size(), name.size());
    const std::size_t difference = longer - std::min(candidate.size(), name.size());
    if (difference >= least) continue;
    const std::size_t distance = edit_distance(name, candidate);
    // Of a word of three letters, three edits leave nothing.
    if (distance < least && distance < longer) {
      least = distance;
      nearest = candidate;
    }
  }
  return nearest;
}

}  // namespace patchbay::base::yaml
