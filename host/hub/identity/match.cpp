#include "hub/identity/match.hpp"

#include <algorithm>
#include <numeric>
#include <optional>
#include <set>

namespace patchbay::identity {
namespace {

std::string folded(std::string_view text) {
  std::string result;
  for (char character : text) {
    if (character >= 'A' && character <= 'Z') character = static_cast<char>(character - 'A' + 'a');
    if (character != ' ') result += character;
  }
  return result;
}

/// Two people who happen to share a phone.
bool contradicts(const std::string& email, const std::string& name, const std::string& other_email,
                 const std::string& other_name) {
  return !email.empty() && !other_email.empty() && email != other_email && folded(name) != folded(other_name);
}

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
  void match_by(std::string_view key_name, std::string IdentityRecord::*key, const CandidatesByKey& candidates) {
    std::map<std::string_view, int> claims;
    for (std::size_t at : order_) {
      if (!results_[at] && !(records_[at].*key).empty()) ++claims[records_[at].*key];
    }
    for (std::size_t at : order_) {
      const std::string& value = records_[at].*key;
      if (results_[at] || value.empty()) continue;
      const auto found = candidates.find(value);
      if (found == candidates.end() || found->second.empty()) continue;
      results_[at] = decide(records_[at], key_name, found->second, claims[value]);
    }
  }

  /// What no entity has: new. Two of one service with the same key are two, and reported.
  void settle_new() {
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
        const IdentityRecord& other = records_[same_phone->second];
        if (!contradicts(record.email, record.name, other.email, other.name)) {
          result = ambiguous("phone", {results_[same_phone->second]->entity_id});
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
  Resolution ambiguous(std::string_view key_name, std::vector<std::string> candidates) const {
    return {Resolution::Kind::kAmbiguous, new_id_(), std::string(key_name), std::move(candidates)};
  }

  Resolution decide(const IdentityRecord& record, std::string_view key_name, const std::vector<Candidate>& candidates,
                    int claims) {
    std::vector<std::string> ids;
    for (const Candidate& candidate : candidates) ids.push_back(candidate.entity_id);
    const Candidate& only = candidates.front();
    const bool by_phone = key_name == "phone";
    if (candidates.size() > 1 || claims > 1 || only.linked || taken_.count(only.entity_id) != 0 ||
        (by_phone && contradicts(record.email, record.name, only.email, only.name))) {
      return ambiguous(key_name, std::move(ids));
    }
    taken_.insert(only.entity_id);
    return {Resolution::Kind::kLink, only.entity_id, std::string(key_name), {}};
  }

  const std::vector<IdentityRecord>& records_;
  std::string (*new_id_)();
  std::vector<std::optional<Resolution>> results_;
  std::vector<std::size_t> order_;
  std::set<std::string> taken_;
};

}  // namespace

std::vector<Resolution> match(const std::vector<IdentityRecord>& records, const CandidatesByKey& by_email,
                              const CandidatesByKey& by_phone, std::string (*new_id)()) {
  Matcher matcher(records, new_id);
  matcher.match_by("email", &IdentityRecord::email, by_email);
  matcher.match_by("phone", &IdentityRecord::phone, by_phone);
  matcher.settle_new();
  return matcher.take();
}

}  // namespace patchbay::identity
