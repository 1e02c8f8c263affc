#include "engine/workflow/workflow.hpp"

#include <algorithm>

namespace patchbay::workflow {
namespace {

bool contains(const std::vector<std::string>& list, std::string_view text) {
  return std::find(list.begin(), list.end(), text) != list.end();
}

std::string joined(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : ", ") + word;
  return text;
}

bool may_move(const Move& move, const policy::Principal& principal, bool assigned) {
  if (principal.kind == policy::Principal::Kind::kSystem) return true;
  if (principal.kind != policy::Principal::Kind::kUser) return false;
  return contains(move.roles, principal.role) && (assigned || !move.assigned_only);
}

}  // namespace

std::vector<std::string> Workflow::all_states() const {
  std::vector<std::string> all = states_;
  all.insert(all.end(), side_states_.begin(), side_states_.end());
  return all;
}

bool Workflow::is_state(std::string_view state) const {
  return contains(states_, state) || contains(side_states_, state);
}

int Workflow::rank(std::string_view state) const {
  const auto found = std::find(states_.begin(), states_.end(), state);
  return found == states_.end() ? -1 : static_cast<int>(found - states_.begin());
}

sdk::Result<void> Workflow::check(std::string_view from, std::string_view to, const policy::Principal& principal,
                                  bool assigned, std::string_view reason) const {
  if (!is_state(to)) {
    return sdk::invalid_error("workflow.unknown_state",
                              "'" + std::string(to) + "' is not a state; states are " + joined(all_states()) + ".",
                              "status");
  }
  bool legal = false;
  bool reason_missing = false;
  for (const Move& move : moves_) {
    if (move.from != from || move.to != to) continue;
    legal = true;
    if (!may_move(move, principal, assigned)) continue;
    const bool needs_reason = move.reason_required && principal.kind == policy::Principal::Kind::kUser;
    if (!needs_reason || !reason.empty()) return {};
    reason_missing = true;
  }
  if (reason_missing) {
    return sdk::invalid_error("workflow.reason_required",
                              "A move from " + std::string(from) + " to " + std::string(to) + " needs a reason.",
                              "reason");
  }
  if (legal) {
    return sdk::permanent_error("policy.forbidden",
                                "Your role may not move it from " + std::string(from) + " to " + std::string(to) + ".");
  }
  const auto moves = legal_moves(from);
  return sdk::conflict_error(
      "workflow.illegal_move",
      "It cannot move from " + std::string(from) + " to " + std::string(to) + "; " +
          (moves.empty() ? "no move is legal from here." : "legal moves: " + joined(moves) + "."));
}

std::vector<std::string> Workflow::legal_moves(std::string_view from) const {
  std::vector<std::string> targets;
  for (const Move& move : moves_) {
    if (move.from == from && !contains(targets, move.to)) targets.push_back(move.to);
  }
  return targets;
}

std::vector<std::string> Workflow::required_fields(std::string_view from, std::string_view to) const {
  std::vector<std::string> fields;
  for (const Move& move : moves_) {
    if (move.from == from && move.to == to) {
      fields.insert(fields.end(), move.requires_fields.begin(), move.requires_fields.end());
    }
  }
  return fields;
}

const Workflow* Workflows::find(std::string_view name) const {
  const auto found = workflows_.find(name);
  return found == workflows_.end() ? nullptr : &found->second;
}

void Workflows::add(Workflow workflow) {
  std::string name = workflow.name();
  workflows_.insert_or_assign(std::move(name), std::move(workflow));
}

}  // namespace patchbay::workflow
