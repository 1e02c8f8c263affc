// State machines, declared in config/workflows/*.yaml.
#pragma once

#include "engine/policy/principal.hpp"
#include "platform/base/yaml.hpp"

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace patchbay::workflow {

struct Move {
  std::string from, to;
  std::vector<std::string> roles;  // who may make it by hand
  bool assigned_only = false;      // a technician only on what is assigned to him
  bool reason_required = false;
  std::vector<std::string> requires_fields;  // must be set on the row (or given with the move)
};

/// One state machine. Immutable.
class Workflow {
 public:
  static sdk::Result<Workflow> load(const base::yaml::Node& root);
  /// Main states in order, then side states.
  std::vector<std::string> all_states() const;
  const std::string& name() const { return name_; }
  const std::string& initial() const { return initial_; }
  const std::vector<std::string>& states() const { return states_; }  // in order of progress
  const std::vector<Move>& moves() const { return moves_; }
  bool is_state(std::string_view state) const;
  /// Position of a state along the way; side states (cancelled) have -1 and never count as progress.
  int rank(std::string_view state) const;
  /// Success, or kConflict "workflow.illegal_move" whose message lists the legal moves, or kPermanent
  /// "policy.forbidden" where the move is legal but not the role's. `assigned` = the row is assigned to the principal.
  sdk::Result<void> check(std::string_view from, std::string_view to, const policy::Principal& principal, bool assigned,
                          std::string_view reason) const;
  std::vector<std::string> legal_moves(std::string_view from) const;
  /// Fields that must be set on a row that is moved.
  std::vector<std::string> required_fields(std::string_view from, std::string_view to) const;
  const std::vector<std::string>& side_states() const { return side_states_; }

 private:
  std::string name_, initial_;
  std::vector<std::string> states_;
  std::vector<std::string> side_states_;
  std::vector<Move> moves_;
};

class Workflows {
 public:
  /// The shipped config/workflows/*.yaml, compiled in.
  static sdk::Result<Workflows> shipped();
  const Workflow* find(std::string_view name) const;
  void add(Workflow workflow);

 private:
  std::map<std::string, Workflow, std::less<>> workflows_;
};

}  // namespace patchbay::workflow
