#include <patchbay/sdk/plugin.hpp>

#include <gtest/gtest.h>

#include <array>

namespace patchbay::sdk {
namespace {

/// The least that a connector has to write.
class LeastClient : public ServiceClient {
 public:
  Result<AccountIdentity> authenticate(const CallContext&) override { return AccountIdentity{}; }
  Result<Page> list(const CallContext&, const ListRequest&) override { return Page{}; }
  Result<Record> get(const CallContext&, const std::string&, const std::string&) override { return Record{}; }
  Result<Health> health_check(const CallContext&) override { return Health{}; }
};

TEST(ServiceClient, SaysNoToWhatAConnectorLeavesOut) {
  LeastClient client;
  const CallContext context;
  EXPECT_EQ(client.create(context, {}).error().code, "sdk.unsupported");
  EXPECT_EQ(client.update(context, {}).error().code, "sdk.unsupported");
  EXPECT_EQ(client.remove(context, "a", "b").error().code, "sdk.unsupported");
  EXPECT_EQ(client.refresh_token(context, "r").error().code, "sdk.unsupported");
  EXPECT_EQ(client.operate(context, "o", {}).error().code, "sdk.unsupported");
}

TEST(CallContext, EndsByCancellationAndByDeadline) {
  CallContext context;
  EXPECT_TRUE(context.check().ok());
  EXPECT_GT(context.remaining(), std::chrono::seconds(5));
  const CallContext copy = context;
  copy.cancel.cancel();
  EXPECT_EQ(context.check().error().code, "call.cancelled");
  CallContext late;
  late.deadline = std::chrono::steady_clock::now() - std::chrono::seconds(1);
  EXPECT_EQ(late.check().error().error_class, ErrorClass::kCancelled);
  EXPECT_EQ(late.remaining().count(), 0);
}

TEST(ErrorClass, HasANameThatReadsBack) {
  for (const auto error_class :
       {ErrorClass::kAuth, ErrorClass::kRateLimited, ErrorClass::kTransient, ErrorClass::kPermanent,
        ErrorClass::kConflict, ErrorClass::kInvalid, ErrorClass::kNotFound, ErrorClass::kCancelled}) {
    EXPECT_EQ(parse_error_class(error_class_name(error_class)), error_class);
  }
  EXPECT_EQ(parse_error_class("?"), ErrorClass::kPermanent);
  for (const auto lane : {Lane::kInteractive, Lane::kWebhook, Lane::kSync, Lane::kBackfill}) {
    EXPECT_EQ(parse_lane(lane_name(lane)), lane);
  }
}

class ThrowingPlugin : public Plugin {
 public:
  ThrowingPlugin() { throw std::runtime_error("a text that is longer than the caller's buffer"); }
  Description describe() const override { return {}; }
  Result<std::unique_ptr<ServiceClient>> connect(const ConnectionSettings&, HostServices) const override {
    return permanent_error("a", "b");
  }
};

TEST(CreatePlugin, TurnsAnExceptionIntoABoundedText) {
  std::array<char, 8> error{};
  EXPECT_EQ(create_plugin<ThrowingPlugin>(error.data(), error.size()), nullptr);
  EXPECT_STREQ(error.data(), "a text ");
  EXPECT_EQ(create_plugin<ThrowingPlugin>(nullptr, 0), nullptr);
}

TEST(Result, PassesErrorsOn) {
  const auto half = [](int number) -> Result<int> {
    if (number % 2 != 0) return invalid_error("test.odd", "odd");
    return number / 2;
  };
  const auto quarter = [&](int number) -> Result<int> {
    PATCHBAY_ASSIGN(const int once, half(number));
    PATCHBAY_TRY(half(once));
    return half(once);
  };
  EXPECT_EQ(quarter(8).value(), 2);
  EXPECT_EQ(quarter(6).error().code, "test.odd");
  EXPECT_THROW(static_cast<void>(quarter(6).value()), std::bad_variant_access);
}

}  // namespace
}  // namespace patchbay::sdk
