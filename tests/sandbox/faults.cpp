#include "tests/sandbox/faults.hpp"

#include <algorithm>
#include <array>

namespace patchbay::sandbox {
namespace {

struct KindName {
  FaultKind kind;
  std::string_view name;
};
constexpr std::array<KindName, 16> kKindNames{{{FaultKind::kLatency, "latency"},
                                               {FaultKind::kRateLimit, "rate_limit"},
                                               {FaultKind::kServerError, "server_error"},
                                               {FaultKind::kReset, "reset"},
                                               {FaultKind::kMalformed, "malformed"},
                                               {FaultKind::kExpiredToken, "expired_token"},
                                               {FaultKind::kForbidden, "forbidden"},
                                               {FaultKind::kLockTimeout, "lock_timeout"},
                                               {FaultKind::kWebhookDuplicate, "webhook_duplicate"},
                                               {FaultKind::kWebhookDelay, "webhook_delay"},
                                               {FaultKind::kWebhookDrop, "webhook_drop"},
                                               {FaultKind::kWebhookBadSignature, "webhook_bad_signature"},
                                               {FaultKind::kRateLimit, "429"},
                                               {FaultKind::kServerError, "500"},
                                               {FaultKind::kReset, "connection_reset"},
                                               {FaultKind::kMalformed, "malformed_body"}}};

constexpr std::size_t kFaultsMax = 1000;
constexpr std::size_t kMatchBytesMax = 500;
constexpr double kDelayMillisecondsMax = 120'000;

bool is_webhook_fault(FaultKind kind) {
  return kind >= FaultKind::kWebhookDuplicate;
}

double number_member(const json::object& object, std::string_view name, double fallback) {
  const auto* value = object.if_contains(name);
  if (value == nullptr || !value->is_number()) return fallback;
  return value->to_number<double>();
}

sdk::Error fault_error(std::string message, std::string field) {
  return sdk::invalid_error("sandbox.fault", std::move(message), std::move(field));
}

sdk::Result<void> check_members(const json::object& object) {
  static constexpr std::array<std::string_view, 8> kMembers{"service", "match",  "kind",         "count",
                                                            "share",   "status", "milliseconds", "after"};
  for (const auto& member : object) {
    const std::string_view name(member.key().data(), member.key().size());
    if (std::find(kMembers.begin(), kMembers.end(), name) == kMembers.end()) {
      return fault_error("unknown member", std::string(name));
    }
  }
  return {};
}

sdk::Result<Fault> parse_fault(const json::value& body) {
  if (!body.is_object()) return fault_error("an object is expected", "");
  const auto& object = body.get_object();
  PATCHBAY_TRY(check_members(object));
  Fault fault;
  const auto kind = parse_fault_kind(sdk::string_at(body, "kind"));
  if (!kind)
    return fault_error(
        "must be latency, rate_limit, server_error, reset, malformed, expired_token, forbidden, "
        "lock_timeout or webhook_…",
        "kind");
  fault.kind = *kind;
  fault.service = sdk::string_at(body, "service");
  fault.match = sdk::string_at(body, "match");
  if (fault.match.size() > kMatchBytesMax) return fault_error("too long", "match");
  if (!fault.match.empty()) {
    try {
      fault.pattern.emplace(fault.match, std::regex::ECMAScript | std::regex::optimize);
    } catch (const std::regex_error&) {
      fault.pattern.reset();  // a path such as "/v1/customers/(x" is then matched as plain text
    }
  }
  const auto* count = object.if_contains("count");
  const double counted = number_member(object, "count", -1);
  if (count != nullptr && counted < 1) return fault_error("must be a number from 1 on", "count");
  if (count != nullptr) fault.remaining = static_cast<std::uint64_t>(counted);
  fault.share = number_member(object, "share", 1.0);
  if (!(fault.share > 0 && fault.share <= 1)) return fault_error("must be over 0 and at most 1", "share");
  fault.status = static_cast<int>(number_member(object, "status", 0));
  if (fault.status != 0 && (fault.status < 400 || fault.status > 599))
    return fault_error("must be 400 to 599", "status");
  const auto delay = number_member(object, "milliseconds", fault.kind == FaultKind::kLatency ? 1000 : 0);
  if (!(delay >= 0 && delay <= kDelayMillisecondsMax)) return fault_error("must be 0 to 120000", "milliseconds");
  fault.delay = std::chrono::milliseconds(static_cast<std::int64_t>(delay));
  const auto* after = object.if_contains("after");
  fault.after = after != nullptr && after->is_bool() && after->get_bool();
  return fault;
}

}  // namespace

std::string_view fault_kind_name(FaultKind kind) {
  return std::find_if(kKindNames.begin(), kKindNames.end(), [&](const auto& entry) { return entry.kind == kind; })
      ->name;
}

std::optional<FaultKind> parse_fault_kind(std::string_view name) {
  const auto found =
      std::find_if(kKindNames.begin(), kKindNames.end(), [&](const auto& entry) { return entry.name == name; });
  if (found == kKindNames.end()) return std::nullopt;
  return found->kind;
}

json::object Fault::view() const {
  json::object out{{"id", id},       {"service", service}, {"match", match},   {"kind", fault_kind_name(kind)},
                   {"share", share}, {"after", after},     {"status", status}, {"milliseconds", delay.count()},
                   {"used", used}};
  if (remaining) out["count"] = *remaining;
  return out;
}

sdk::Result<json::object> FaultPlan::add(const json::value& body) {
  PATCHBAY_ASSIGN(auto fault, parse_fault(body));
  std::scoped_lock lock(mutex_);
  if (faults_.size() >= kFaultsMax) return fault_error("too many faults are planned", "");
  fault.id = ++last_id_;
  faults_.push_back(std::move(fault));
  return faults_.back().view();
}

bool FaultPlan::meets(Fault& fault, std::string_view service, std::string_view call, std::string_view operation) {
  if (!fault.service.empty() && fault.service != service) return false;
  const auto in = [&](std::string_view text) {
    return text.find(fault.match) != std::string_view::npos ||
           (fault.pattern && std::regex_search(text.begin(), text.end(), *fault.pattern));
  };
  if (!fault.match.empty() && !in(call) && !in(operation)) return false;
  if (!random_.chance(fault.share)) return false;
  ++fault.used;
  if (fault.remaining) --*fault.remaining;
  return true;
}

void FaultPlan::drop_used_up() {
  std::erase_if(faults_, [](const Fault& fault) { return fault.remaining == 0; });
}

FaultDecision FaultPlan::decide(std::string_view service, std::string_view call, std::string_view operation) {
  std::scoped_lock lock(mutex_);
  FaultDecision decision;
  for (auto& fault : faults_) {
    if (is_webhook_fault(fault.kind)) continue;
    if (fault.kind != FaultKind::kLatency && decision.failure) continue;
    if (!meets(fault, service, call, operation)) continue;
    decision.delay += fault.delay;
    if (fault.kind != FaultKind::kLatency) decision.failure = fault;
  }
  drop_used_up();
  return decision;
}

std::optional<std::chrono::milliseconds> FaultPlan::decide_delivery(FaultKind kind, std::string_view service,
                                                                    std::string_view topic) {
  std::scoped_lock lock(mutex_);
  std::optional<std::chrono::milliseconds> decision;
  for (auto& fault : faults_) {
    if (fault.kind != kind || !meets(fault, service, topic, topic)) continue;
    // Each delivery waits another part of the delay, so that later ones overtake earlier ones.
    const auto part = kind == FaultKind::kWebhookDelay ? random_.fraction() : 1.0;
    decision = std::chrono::milliseconds(static_cast<std::int64_t>(static_cast<double>(fault.delay.count()) * part));
    break;
  }
  drop_used_up();
  return decision;
}

json::array FaultPlan::view() const {
  std::scoped_lock lock(mutex_);
  json::array out;
  for (const auto& fault : faults_) out.push_back(fault.view());
  return out;
}

bool FaultPlan::remove(std::uint64_t id) {
  std::scoped_lock lock(mutex_);
  return std::erase_if(faults_, [&](const Fault& fault) { return fault.id == id; }) > 0;
}

void FaultPlan::clear() {
  std::scoped_lock lock(mutex_);
  faults_.clear();
}

}  // namespace patchbay::sandbox
