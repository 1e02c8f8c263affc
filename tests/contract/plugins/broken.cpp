// Libraries that are wrong in one way each; BROKEN_KIND chooses which.
#include <patchbay/sdk/sdk.hpp>

#include <cstdlib>
#include <stdexcept>

namespace patchbay::broken {

#if BROKEN_KIND == 3
/// Ends the process while the library is being loaded.
struct Crash {
  Crash() { std::abort(); }
};
const Crash kCrash;
#endif

class BrokenPlugin : public sdk::Plugin {
 public:
  BrokenPlugin() {
#if BROKEN_KIND == 1
    throw std::runtime_error("out of patience");
#endif
  }
  sdk::Description describe() const override {
    sdk::Description description;
    description.name = BROKEN_NAME;
    description.version = "1.0.0";
    sdk::ResourceDescription things;
    things.name = "things";
    things.list = true;
    things.get = BROKEN_KIND != 2;
    description.resources = {things};
#if BROKEN_KIND == 4
    throw std::runtime_error("nothing to say");
#endif
    return description;
  }
  sdk::Result<std::unique_ptr<sdk::ServiceClient>> connect(const sdk::ConnectionSettings&,
                                                           sdk::HostServices) const override {
    return sdk::permanent_error("broken.connect", "broken");
  }
};

}  // namespace patchbay::broken

PATCHBAY_PLUGIN(BROKEN_NAME, patchbay::broken::BrokenPlugin);
