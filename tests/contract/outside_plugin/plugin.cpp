// The least a connector can be: one resource, read from a service that answers with JSON.
#include <patchbay/sdk/sdk.hpp>

namespace {

namespace sdk = patchbay::sdk;

class OutsideClient : public sdk::ServiceClient {
 public:
  OutsideClient(const sdk::ConnectionSettings& settings, sdk::HostServices services)
      : base_(settings.option("apiBase")), services_(services) {}

  sdk::Result<sdk::AccountIdentity> authenticate(const sdk::CallContext& context) override {
    PATCHBAY_ASSIGN(const auto account, fetch(context, "/account"));
    sdk::AccountIdentity identity;
    identity.account_id = sdk::string_at(account, "id");
    return identity;
  }
  sdk::Result<sdk::Page> list(const sdk::CallContext& context, const sdk::ListRequest&) override {
    PATCHBAY_ASSIGN(const auto notes, fetch(context, "/notes"));
    sdk::Page page;
    if (!notes.is_array()) return sdk::transient_error("outside.unreadable", "the notes are no list");
    for (const auto& note : notes.as_array()) page.records.push_back(record_of(note));
    return page;
  }
  sdk::Result<sdk::Record> get(const sdk::CallContext& context, const std::string&, const std::string& id) override {
    PATCHBAY_ASSIGN(const auto note, fetch(context, "/notes/" + sdk::url_encode(id)));
    return record_of(note);
  }
  sdk::Result<sdk::Health> health_check(const sdk::CallContext& context) override {
    PATCHBAY_TRY(authenticate(context));
    return sdk::Health{true, "answers", {}};
  }

 private:
  static sdk::Record record_of(const sdk::json::value& note) {
    sdk::Record record;
    record.resource = "notes";
    record.external_id = sdk::string_at(note, "id");
    record.data = note;
    return record;
  }
  sdk::Result<sdk::json::value> fetch(const sdk::CallContext& context, const std::string& path) {
    sdk::HttpRequest request;
    request.url = base_ + path;
    request.retry_safe = true;
    PATCHBAY_ASSIGN(const auto response, services_.http.send(context, request));
    if (response.status == 404) return sdk::not_found_error("outside.not_found", "there is no such note");
    if (response.status != 200) return sdk::transient_error("outside.unavailable", "the service does not answer");
    return sdk::parse_json(response.body);
  }
  std::string base_;
  sdk::HostServices services_;
};

class OutsidePlugin : public sdk::Plugin {
 public:
  sdk::Description describe() const override {
    sdk::Description description;
    description.name = "outside";
    description.title = "Outside";
    description.version = "1.0.0";
    sdk::ResourceDescription notes;
    notes.name = "notes";
    notes.list = notes.get = true;
    description.resources = {notes};
    description.options = {{"apiBase", sdk::OptionKind::kUrl, "https://notes.example", "Where the service is", {}}};
    return description;
  }
  sdk::Result<std::unique_ptr<sdk::ServiceClient>> connect(const sdk::ConnectionSettings& settings,
                                                           sdk::HostServices services) const override {
    return std::unique_ptr<sdk::ServiceClient>(std::make_unique<OutsideClient>(settings, services));
  }
};

}  // namespace

PATCHBAY_PLUGIN("outside", OutsidePlugin);
