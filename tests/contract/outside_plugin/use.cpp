// The testing library, linked from where it was installed.
#include <patchbay/sdk/testing/fake_host.hpp>

int main() {
  patchbay::sdk::testing::FakeHost host;
  host.http().reply(patchbay::sdk::HttpResponse{200, {}, "[]"});
  const auto response = host.services().http.send({}, {});
  return response.ok() && response->body == "[]" && host.http().requests().size() == 1 ? 0 : 1;
}
