// What anybody may send to the webhook door: the signature header, then the bodies of both services.
#include "hub/webhooks/verifier.hpp"

#include <patchbay/sdk/records.hpp>

#include <cstdlib>
#include <vector>

namespace patchbay::stripe {
sdk::Result<std::vector<sdk::WebhookEvent>> parse_event(const sdk::WebhookRequest& request);
}
namespace patchbay::jobber {
sdk::Result<std::vector<sdk::WebhookEvent>> parse_event(const sdk::WebhookRequest& request);
}

namespace {

namespace sdk = patchbay::sdk;

void check_events(const sdk::Result<std::vector<sdk::WebhookEvent>>& events) {
  if (!events.ok()) {
    if (events.error().error_class != sdk::ErrorClass::kInvalid) std::abort();
    return;
  }
  for (const auto& event : *events) {
    if (event.topic.empty() || event.dedupe_key.empty()) std::abort();
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(bytes), size);
  const std::size_t line = std::min(text.find('\n'), text.size());
  sdk::SignatureDescription description;
  description.algorithm = sdk::SignatureDescription::Algorithm::kHmacSha256;
  description.header = "Stripe-Signature";
  description.list_key = "v1";
  description.timestamp_list_key = "t";
  description.signed_parts = {"{timestamp}", ".", "{body}"};
  description.tolerance = std::chrono::seconds(300);
  const patchbay::http::Headers headers{{"Stripe-Signature", std::string(text.substr(0, line))}};
  const std::chrono::system_clock::time_point now{std::chrono::seconds(1'700'000'000)};
  // Nobody guesses a signature of a key of 256 bits.
  if (patchbay::webhooks::check_signature(description, "0123456789abcdef0123456789abcdef", headers, text, now).ok())
    std::abort();
  sdk::WebhookRequest request;
  request.body = text.substr(std::min(line + 1, text.size()));
  check_events(patchbay::stripe::parse_event(request));
  check_events(patchbay::jobber::parse_event(request));
  return 0;
}
