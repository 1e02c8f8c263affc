// config/workflows/*.yaml → Workflow. Every mistake is told with file, line and column.
#include "engine/workflow/shipped_workflows.hpp"
#include "engine/workflow/workflow.hpp"

#include <algorithm>

namespace patchbay::workflow {
namespace {

using base::yaml::Node;

sdk::Result<void> check_keys(const Node& node, const std::vector<std::string>& known) {
  for (const auto& [key, member] : node.members) {
    if (std::find(known.begin(), known.end(), key) != known.end()) continue;
    const std::string nearest = base::yaml::nearest_name(key, known);
    return member.error("workflow.unknown_key",
                        "unknown key '" + key + "'" + (nearest.empty() ? "" : ", did you mean '" + nearest + "'?"));
  }
  return {};
}

sdk::Result<std::vector<std::string>> texts_of(const Node& node, std::string_view key, bool required) {
  const Node* member = node.find(key);
  if (member != nullptr) return member->texts();
  if (required) return node.error("workflow.incomplete", "'" + std::string(key) + "' is missing");
  return std::vector<std::string>{};
}

sdk::Result<bool> flag_of(const Node& node, std::string_view key) {
  const Node* member = node.find(key);
  if (member == nullptr) return false;
  return member->boolean();
}

/// One entry may stand for several moves: `from` and `to` take lists.
sdk::Result<std::vector<Move>> parse_moves(const Node& node) {
  PATCHBAY_TRY(check_keys(node, {"from", "to", "roles", "assigned_only", "reason_required", "requires"}));
  PATCHBAY_ASSIGN(const auto sources, texts_of(node, "from", true));
  PATCHBAY_ASSIGN(const auto targets, texts_of(node, "to", true));
  Move move;
  PATCHBAY_ASSIGN(move.roles, texts_of(node, "roles", true));
  PATCHBAY_ASSIGN(move.requires_fields, texts_of(node, "requires", false));
  PATCHBAY_ASSIGN(move.assigned_only, flag_of(node, "assigned_only"));
  PATCHBAY_ASSIGN(move.reason_required, flag_of(node, "reason_required"));
  std::vector<Move> moves;
  for (const std::string& from : sources) {
    for (const std::string& to : targets) {
      move.from = from;
      move.to = to;
      moves.push_back(move);
    }
  }
  return moves;
}

}  // namespace

sdk::Result<Workflow> Workflow::load(const Node& root) {
  PATCHBAY_TRY(check_keys(root, {"name", "initial", "states", "side_states", "moves"}));
  Workflow workflow;
  for (const auto& [key, target] : {std::pair{"name", &workflow.name_}, std::pair{"initial", &workflow.initial_}}) {
    const Node* node = root.find(key);
    if (node == nullptr) return root.error("workflow.incomplete", "'" + std::string(key) + "' is missing");
    PATCHBAY_ASSIGN(*target, node->text());
  }
  PATCHBAY_ASSIGN(workflow.states_, texts_of(root, "states", true));
  PATCHBAY_ASSIGN(workflow.side_states_, texts_of(root, "side_states", false));
  if (workflow.rank(workflow.initial_) != 0) {
    return root.error("workflow.initial", "the initial state must be the first of 'states'");
  }
  const Node* moves = root.find("moves");
  if (moves == nullptr) return root.error("workflow.incomplete", "'moves' is missing");
  for (const Node& item : moves->items) {
    PATCHBAY_ASSIGN(auto parsed, parse_moves(item));
    for (Move& move : parsed) {
      for (const std::string& state : {move.from, move.to}) {
        if (!workflow.is_state(state)) return item.error("workflow.unknown_state", "'" + state + "' is not a state");
      }
      workflow.moves_.push_back(std::move(move));
    }
  }
  return workflow;
}

sdk::Result<Workflows> Workflows::shipped() {
  Workflows workflows;
  for (const ShippedFile& file : shipped_workflow_files()) {
    PATCHBAY_ASSIGN(const auto root, base::yaml::parse(file.text, std::string(file.name)));
    PATCHBAY_ASSIGN(auto workflow, Workflow::load(root));
    workflows.add(std::move(workflow));
  }
  return workflows;
}

}  // namespace patchbay::workflow
