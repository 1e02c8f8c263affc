#include "engine/mapping/path.hpp"

#include <cctype>

namespace patchbay::mapping {
namespace {

constexpr std::size_t kPathBytesMax = 200;

bool is_name_character(char character) {
  return std::isalnum(static_cast<unsigned char>(character)) != 0 || character == '_' || character == '-' ||
         character == '$';
}

sdk::Error path_error(std::string_view path, std::string_view reason) {
  return sdk::invalid_error("mapping.path",
                            "\"" + std::string(path) + "\" is not a path: " + std::string(reason) + ".");
}

/// The text between the brackets: an index or key=text.
bool is_selector(std::string_view selector) {
  if (selector.empty()) return false;
  const auto equals = selector.find('=');
  if (equals == std::string_view::npos) {
    return selector.size() <= 4 && selector.find_first_not_of("0123456789") == std::string_view::npos;
  }
  if (equals == 0 || equals + 1 == selector.size()) return false;
  for (char character : selector.substr(0, equals)) {
    if (!is_name_character(character)) return false;
  }
  return true;
}

/// One step between dots; nullopt-like empty text when it is fine, else the reason.
std::string_view step_problem(std::string_view step, bool writable) {
  const auto bracket = step.find('[');
  const std::string_view name = step.substr(0, bracket);
  if (name.empty()) return "a name is missing";
  for (char character : name) {
    if (!is_name_character(character)) return "a name holds letters, digits, _, - and $";
  }
  if (bracket == std::string_view::npos) return {};
  if (writable) return "a path that is written to holds names and dots only";
  if (step.back() != ']') return "a bracket is not closed";
  if (!is_selector(step.substr(bracket + 1, step.size() - bracket - 2))) return "brackets hold an index or key=text";
  return {};
}

}  // namespace

sdk::Result<void> check_path(std::string_view path, bool writable) {
  if (path.empty()) return path_error(path, "it is empty");
  if (path.size() > kPathBytesMax) return path_error(path.substr(0, 40), "it is longer than 200 bytes");
  std::size_t start = 0;
  bool inside = false;
  for (std::size_t at = 0; at <= path.size(); ++at) {
    if (at < path.size() && path[at] == '[') inside = true;
    if (at < path.size() && path[at] == ']') inside = false;
    if (at < path.size() && (path[at] != '.' || inside)) continue;
    const std::string_view problem = step_problem(path.substr(start, at - start), writable);
    if (!problem.empty()) return path_error(path, problem);
    start = at + 1;
  }
  return {};
}

bool mentions(const sdk::json::value& record, std::string_view path) {
  return sdk::find_member(record, path.substr(0, path.find_first_of(".["))) != nullptr;
}

bool has_content(const sdk::json::value* value) {
  if (value == nullptr || value->is_null()) return false;
  if (const auto* text = value->if_string())
    return std::string_view(*text).find_first_not_of(" \t\r\n") != std::string_view::npos;
  return true;
}

void set_path(sdk::json::object& target, std::string_view path, sdk::json::value value) {
  sdk::json::object* object = &target;
  for (auto dot = path.find('.'); dot != std::string_view::npos; dot = path.find('.')) {
    sdk::json::value& next = (*object)[path.substr(0, dot)];
    if (!next.is_object()) next.emplace_object();
    object = &next.get_object();
    path.remove_prefix(dot + 1);
  }
  (*object)[path] = std::move(value);
}

}  // namespace patchbay::mapping
