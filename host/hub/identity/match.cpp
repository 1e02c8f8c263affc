#include "hub/identity/match.hpp"

#include <algorithm>
#include <numeric>
#include <optional>
#include <set>

namespace patchbay::identity {
namespace {

class Matcher {
 public:
  Matcher(const std::vector<IdentityRecord>& records, std::string (*new_id)())
      : records_(records), new_id_(new_id), results_(records.size()), order_(records.size()) {
    std::iota(order_.begin(), order_.end(), std::size_t{0});
    std::sort(order_.begin(), order_.end(), [&](std::size_t left, std::size_t right) {
      return records_[left].external_id < records_[right].external_id;
    });
  }

  /// Decides what can be decided by one key; the rest stays open.
  void match_by(std::string_view key_name, std::string IdentityRecord::*key, const CandidatesByKey& candidates,
                const Keys& contested) {
    std::map<std::string_view, int> claims;
    for (std::size_t at : order_) {
      if (!results_[at] && !(records_[at].*key).empty()) ++claims[records_[at].*key];
    }
    for (std::size_t at : order_) {
      const std::string& value = records_[at].*key;
      if (results_[at] || value.empty()) continue;
      const auto found = candidates.find(value);
      if (found == candidates.end()) continue;
      std::vector<Candidate> sure;
      std::copy_if(found->second.begin(), found->second.end(), std::back_inserter(sure),
                   [](const Candidate& candidate) { return candidate.verified; });
      if (!sure.empty()) results_[at] = decide(key_name, sure, claims[value] > 1 || contested.count(value) != 0);
    }
  }

  /// What no entity has: new. Two of one service with the same key are two, and reported; so is what somebody claims
  /// to have.
  void settle_new(const CandidatesByKey& by_email, const CandidatesByKey& by_phone) {
    std::map<std::string, std::size_t> emails, phones;
    for (std::size_t at : order_) {
      const IdentityRecord& record = records_[at];
      if (results_[at]) continue;
      Resolution result;
      result.entity_id = new_id_();
      const auto same_email = emails.find(record.email);
      const auto same_phone = phones.find(record.phone);
      if (!record.email.empty() && same_email != emails.end()) {
        result = ambiguous("email", {results_[same_email->second]->entity_id});
      } else if (!record.phone.empty() && same_phone != phones.end()) {
        result = ambiguous("phone", {results_[same_phone->second]->entity_id});
      }
      result.within_page = result.kind == Resolution::Kind::kAmbiguous;
      if (!result.within_page) {
        const auto email_claims = claimants(by_email, record.email);
        const auto phone_claims = claimants(by_phone, record.phone);
        if (!email_claims.empty()) {
          result = ambiguous("email", email_claims);
        } else if (!phone_claims.empty()) {
          result = ambiguous("phone", phone_claims);
        }
      }
      results_[at] = std::move(result);
      if (!record.email.empty()) emails.emplace(record.email, at);
      if (!record.phone.empty()) phones.emplace(record.phone, at);
    }
  }

  std::vector<Resolution> take() {
    std::vector<Resolution> resolutions;
    resolutions.reserve(results_.size());
    for (auto& result : results_) resolutions.push_back(std::move(*result));
    return resolutions;
  }

 private:
  /// Those that no more than claim the key.
  static std::vector<std::string> claimants(const CandidatesByKey& candidates, const std::string& key) {
    std::vector<std::string> ids;
    const auto found = candidates.find(key);
    if (found == candidates.end()) return ids;
    for (const Candidate& candidate : found->second) {
      if (!candidate.verified) ids.push_back(candidate.entity_id);
    }
    return ids;
  }

  Resolution ambiguous(std::string_view key_name, std::vector<std::string> candidates) const {
    return {Resolution::Kind::kAmbiguous, new_id_(), std::string(key_name), std::move(candidates), false};
  }

  Resolution decide(std::string_view key_name, const std::vector<Candidate>& candidates, bool contested) {
    std::vector<std::string> ids;
    for (const Candidate& candidate : candidates) ids.push_back(candidate.entity_id);
    const Candidate& only = candidates.front();
    if (candidates.size() > 1 || contested || only.linked || taken_.count(only.entity_id) != 0) {
      return ambiguous(key_name, std::move(ids));
    }
    taken_.insert(only.entity_id);
    return {Resolution::Kind::kLink, only.entity_id, std::string(key_name), {}, false};
  }

  const std::vector<IdentityRecord>& records_;
  std::string (*new_id_)();
  std::vector<std::optional<Resolution>> results_;
  std::vector<std::size_t> order_;
  std::set<std::string> taken_;
};

}  // namespace

std::vector<Resolution> match(const std::vector<IdentityRecord>& records, const CandidatesByKey& by_email,
                              const CandidatesByKey& by_phone, std::string (*new_id)(), const Contested& contested) {
  Matcher matcher(records, new_id);
  matcher.match_by("email", &IdentityRecord::email, by_email, contested.emails);
  matcher.match_by("phone", &IdentityRecord::phone, by_phone, contested.phones);
  matcher.settle_new(by_email, by_phone);
  return matcher.take();
}

}  // namespace patchbay::identity
