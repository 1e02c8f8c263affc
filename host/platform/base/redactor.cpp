#include "platform/base/redactor.hpp"

#include <patchbay/sdk/http.hpp>
#include <patchbay/sdk/json.hpp>

#include <algorithm>
#include <mutex>

namespace patchbay::base {
namespace {

constexpr std::string_view kReplacement = "[redacted]";

std::uint64_t prefix_of(std::string_view text) {
  std::uint64_t prefix = 0;
  for (std::size_t index = 0; index < Redactor::kShortest; ++index) {
    prefix = prefix << 8 | static_cast<unsigned char>(text[index]);
  }
  return prefix;
}

}  // namespace

void Redactor::add(std::string_view secret) {
  if (secret.size() < kShortest) return;
  const std::string quoted = sdk::json::serialize(sdk::json::string_view(secret));
  const std::lock_guard lock(mutex_);
  add_form(std::string(secret));
  add_form(quoted.substr(1, quoted.size() - 2));
  add_form(sdk::url_encode(secret));
}

void Redactor::add_form(std::string form) {
  auto& same_prefix = forms_by_prefix_[prefix_of(form)];
  if (std::find(same_prefix.begin(), same_prefix.end(), form) != same_prefix.end()) return;
  same_prefix.push_back(form);
  // Longest first: a secret may be the beginning of another.
  std::sort(same_prefix.begin(), same_prefix.end(),
            [](const std::string& left, const std::string& right) { return left.size() > right.size(); });
  in_order_.push_back(std::move(form));
  if (in_order_.size() > secrets_max_) forget_oldest();
}

void Redactor::forget_oldest() {
  const std::string& oldest = in_order_.front();
  const auto found = forms_by_prefix_.find(prefix_of(oldest));
  std::erase(found->second, oldest);
  if (found->second.empty()) forms_by_prefix_.erase(found);
  in_order_.pop_front();
}

std::string Redactor::redact(std::string text) const {
  const std::shared_lock lock(mutex_);
  if (forms_by_prefix_.empty()) return text;
  for (std::size_t position = 0; position + kShortest <= text.size(); ++position) {
    const std::string_view rest = std::string_view(text).substr(position);
    const auto found = forms_by_prefix_.find(prefix_of(rest));
    if (found == forms_by_prefix_.end()) continue;
    for (const std::string& form : found->second) {
      if (!rest.starts_with(form)) continue;
      text.replace(position, form.size(), kReplacement);
      position += kReplacement.size() - 1;
      break;
    }
  }
  return text;
}

}  // namespace patchbay::base
