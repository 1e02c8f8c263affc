#include "engine/gateway/router.hpp"

#include <algorithm>
#include <optional>

namespace patchbay::gateway {
namespace {

constexpr std::size_t kSegmentsMax = 16;
constexpr std::size_t kParameterBytesMax = 512;

/// nullopt: an empty segment or too many of them. One slash at the end is forgiven.
std::optional<std::vector<std::string_view>> split(std::string_view path) {
  std::vector<std::string_view> segments;
  if (path.empty() || path.front() != '/') return std::nullopt;
  path.remove_prefix(1);
  if (path.ends_with('/')) path.remove_suffix(1);
  while (!path.empty()) {
    const std::size_t end = std::min(path.find('/'), path.size());
    if (end == 0 || segments.size() == kSegmentsMax) return std::nullopt;
    segments.push_back(path.substr(0, end));
    if (end == path.size()) break;
    path.remove_prefix(end + 1);
    if (path.empty()) return std::nullopt;
  }
  return segments;
}

bool is_parameter(std::string_view segment) {
  return segment.size() > 2 && segment.front() == '{' && segment.back() == '}';
}

/// Position after "/api/v1" or "/api", or nullopt where the path lies below neither.
std::optional<std::size_t> base_length(std::string_view path) {
  for (const std::string_view base : {"/api/v1", "/api"}) {
    if (path.starts_with(base) && (path.size() == base.size() || path[base.size()] == '/')) return base.size();
  }
  return std::nullopt;
}

}  // namespace

struct Router::Endpoint {
  std::string method;
  std::size_t route;
  std::vector<std::string> parameter_names;
};

struct Router::Node {
  std::map<std::string, std::unique_ptr<Node>, std::less<>> literals;
  std::unique_ptr<Node> parameter;
  std::vector<Endpoint> endpoints;
};

struct Router::Search {
  std::string_view method;
  const Segments* segments;
  Segments captured;
  const Endpoint* endpoint = nullptr;
  std::vector<std::string_view> allowed;
};

Router::Router() : below_base_(std::make_unique<Node>()), at_root_(std::make_unique<Node>()) {}
Router::~Router() = default;
Router::Router(Router&&) noexcept = default;
Router& Router::operator=(Router&&) noexcept = default;

sdk::Result<void> Router::add(Route route) {
  const auto segments = split(route.pattern);
  if (!segments)
    return sdk::invalid_error("gateway.pattern", "The route pattern \"" + route.pattern + "\" is malformed.");
  const auto add_below = [&](Node& root) -> sdk::Result<void> {
    Node* node = &root;
    std::vector<std::string> names;
    for (const auto segment : *segments) {
      if (is_parameter(segment)) names.emplace_back(segment.substr(1, segment.size() - 2));
      auto& next = is_parameter(segment) ? node->parameter : node->literals[std::string(segment)];
      if (!next) next = std::make_unique<Node>();
      node = next.get();
    }
    for (const auto& endpoint : node->endpoints) {
      if (endpoint.method != route.method) continue;
      return sdk::conflict_error("gateway.duplicate_route",
                                 "Two routes serve " + route.method + " " + route.pattern + ".");
    }
    node->endpoints.push_back({route.method, routes_.size(), std::move(names)});
    return {};
  };
  PATCHBAY_TRY(add_below(*below_base_));
  if (route.at_root) PATCHBAY_TRY(add_below(*at_root_));
  routes_.push_back(std::move(route));
  return {};
}

bool Router::walk(const Node& node, std::size_t depth, Search& search) {
  if (depth == search.segments->size()) {
    for (const auto& endpoint : node.endpoints) {
      search.allowed.push_back(endpoint.method);
      if (endpoint.method != search.method) continue;
      search.endpoint = &endpoint;
      return true;
    }
    return false;
  }
  const std::string_view segment = (*search.segments)[depth];
  if (const auto literal = node.literals.find(segment); literal != node.literals.end()) {
    if (walk(*literal->second, depth + 1, search)) return true;
  }
  if (!node.parameter || segment.size() > kParameterBytesMax) return false;
  search.captured.push_back(segment);
  if (walk(*node.parameter, depth + 1, search)) return true;
  search.captured.pop_back();
  return false;
}

Match Router::find(std::string_view method, std::string_view path) const {
  Match match;
  const auto base = base_length(path);
  const auto segments = split(base && *base == path.size() ? std::string_view("/") : path.substr(base.value_or(0)));
  if (!segments) return match;
  const Node& root = base ? *below_base_ : *at_root_;

  Search search{method, &*segments, {}, nullptr, {}};
  bool found = walk(root, 0, search);
  if (!found && method == "HEAD") {
    search = Search{"GET", &*segments, {}, nullptr, {}};
    found = walk(root, 0, search);
  }
  if (found) {
    match.route = search.endpoint->route;
    for (std::size_t index = 0; index < search.captured.size(); ++index) {
      match.params.insert_or_assign(search.endpoint->parameter_names[index], std::string(search.captured[index]));
    }
    return match;
  }
  auto& allowed = search.allowed;
  if (std::find(allowed.begin(), allowed.end(), "GET") != allowed.end()) allowed.push_back("HEAD");
  if (!allowed.empty()) allowed.push_back("OPTIONS");
  std::sort(allowed.begin(), allowed.end());
  allowed.erase(std::unique(allowed.begin(), allowed.end()), allowed.end());
  for (const auto known : allowed) match.allow.append(match.allow.empty() ? "" : ", ").append(known);
  return match;
}

}  // namespace patchbay::gateway
