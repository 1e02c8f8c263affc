// Idempotency-Key: the first result of a POST is given again for 24 hours.
#pragma once

#include "tests/sandbox/stripe/account.hpp"

namespace patchbay::sandbox::stripe {

struct KeptAnswer {
  int status = 0;
  std::string body;
  std::string request_id;
};

class IdempotencyKeys {
 public:
  /// The kept answer to replay, an error (other parameters: 400; the first call still under way: 409), or nullopt: go
  /// on.
  std::optional<std::variant<KeptAnswer, ApiError>> check(const Account& account, const std::string& key,
                                                          const std::string& fingerprint);
  /// Keeps an answer; `delay` is how long it is still on its way.
  void keep(Account& account, const std::string& key, const std::string& fingerprint, const KeptAnswer& answer,
            std::chrono::milliseconds delay);

 private:
  std::map<std::string, std::chrono::steady_clock::time_point> under_way_;  // by account and key
};

}  // namespace patchbay::sandbox::stripe
