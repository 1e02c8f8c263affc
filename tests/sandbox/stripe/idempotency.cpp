#include "tests/sandbox/stripe/idempotency.hpp"

namespace patchbay::sandbox::stripe {
namespace {
constexpr std::int64_t kKeptSeconds = 24 * 3600;
}

std::optional<std::variant<KeptAnswer, ApiError>> IdempotencyKeys::check(const Account& account, const std::string& key,
                                                                         const std::string& fingerprint) {
  const auto* record = account.find("idempotency", key);
  if (record == nullptr || record->created_ms / 1000 + kKeptSeconds < account.now()) return std::nullopt;
  if (sdk::string_at(record->value, "fingerprint") != fingerprint) {
    ApiError error;
    error.type = "idempotency_error";
    error.message =
        "Keys for idempotent requests can only be used with the same parameters they were first used with. Try using a "
        "key other than '" +
        key + "' if you meant to execute a different request.";
    return error;
  }
  const auto first = under_way_.find(account.key() + " " + key);
  if (first != under_way_.end() && first->second > std::chrono::steady_clock::now()) {
    ApiError error;
    error.status = 409;
    error.type = "idempotency_error";
    error.code = "idempotency_key_in_use";
    error.message =
        "There is currently another in-progress request using this Idempotency Key (that probably means you submitted "
        "twice, and the other request is still going through): " +
        key + ".";
    return error;
  }
  return KeptAnswer{record->value.at("status").to_number<int>(), sdk::string_at(record->value, "body"),
                    sdk::string_at(record->value, "requestId")};
}

void IdempotencyKeys::keep(Account& account, const std::string& key, const std::string& fingerprint,
                           const KeptAnswer& answer, std::chrono::milliseconds delay) {
  account.put("idempotency", json::object{{"id", key},
                                          {"created", account.now()},
                                          {"fingerprint", fingerprint},
                                          {"status", answer.status},
                                          {"body", answer.body},
                                          {"requestId", answer.request_id}});
  const auto now = std::chrono::steady_clock::now();
  std::erase_if(under_way_, [&](const auto& entry) { return entry.second <= now; });
  if (delay.count() > 0) under_way_[account.key() + " " + key] = now + delay;
}

}  // namespace patchbay::sandbox::stripe
