// Finds the route of a request: a tree of path segments, a literal before a parameter.
#pragma once

#include "engine/gateway/route.hpp"

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace patchbay::gateway {

/// What a path led to. `route` is an index into routes(), kNoRoute where there is none for the method.
struct Match {
  static constexpr std::size_t kNoRoute = static_cast<std::size_t>(-1);
  std::size_t route = kNoRoute;
  std::map<std::string, std::string, std::less<>> params;
  std::string allow;  // methods that the path knows, for 405; empty: the path is unknown
};

/// Filled before the server starts, then read by any thread.
class Router {
 public:
  Router();
  ~Router();
  Router(Router&&) noexcept;
  Router& operator=(Router&&) noexcept;

  /// kConflict "gateway.duplicate_route", kInvalid "gateway.pattern".
  sdk::Result<void> add(Route route);
  /// Takes the base paths /api/v1 and /api off; routes with `at_root` answer without them too. HEAD is answered by
  /// GET's route.
  Match find(std::string_view method, std::string_view path) const;
  const std::vector<Route>& routes() const { return routes_; }

 private:
  struct Node;
  struct Endpoint;
  using Segments = std::vector<std::string_view>;
  struct Search;

  static bool walk(const Node& node, std::size_t depth, Search& search);

  std::vector<Route> routes_;
  std::unique_ptr<Node> below_base_;
  std::unique_ptr<Node> at_root_;
};

}  // namespace patchbay::gateway
