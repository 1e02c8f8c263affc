#include "writing.hpp"

#include <algorithm>

namespace patchbay::jobber {
namespace {

const Resource& clients() {
  return *find_resource("clients");
}
const Resource& jobs() {
  return *find_resource("jobs");
}

bool is_true(const sdk::json::value* value) {
  return value != nullptr &&
         ((value->is_bool() && value->as_bool()) || (value->is_string() && value->as_string() == "true"));
}

/// A person's name in Jobber's two parts; the last word is the family name.
void set_name(sdk::json::object& input, const std::string& name, bool company) {
  input["isCompany"] = company;
  if (company) {
    input["companyName"] = name;
    return;
  }
  const auto space = name.rfind(' ');
  input["firstName"] = space == std::string::npos ? name : name.substr(0, space);
  input["lastName"] = space == std::string::npos ? "" : name.substr(space + 1);
}

sdk::json::object address_input(const sdk::json::value& address) {
  sdk::json::object input;
  for (const char* name : {"street1", "street2", "city", "province", "postalCode", "country"}) {
    if (const std::string text = sdk::string_at(address, name); !text.empty()) input[name] = text;
  }
  return input;
}

std::string lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char c) { return static_cast<char>(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c); });
  return text;
}

bool has_email(const sdk::json::value& client, const std::string& email) {
  const auto* emails = sdk::find_member(client, "emails");
  if (emails == nullptr || !emails->is_array()) return false;
  return std::any_of(emails->as_array().begin(), emails->as_array().end(),
                     [&](const auto& item) { return lower(sdk::string_at(item, "address")) == lower(email); });
}

/// Edits the primary entry of a contact list, or adds one where there is none; an emptied one is deleted.
void set_contact(sdk::json::object& input, const sdk::json::value& current, const std::string& list, const char* member,
                 const std::string& text) {
  std::string id = sdk::string_at(current, list + "[primary=true].id");
  if (id.empty()) id = sdk::string_at(current, list + "[0].id");
  if (text.empty()) {
    if (!id.empty()) input[list + "ToDelete"] = sdk::json::array{id};
  } else if (id.empty()) {
    input[list + "ToAdd"] =
        sdk::json::array{sdk::json::object{{"description", "MAIN"}, {"primary", true}, {member, text}}};
  } else {
    input[list + "ToEdit"] = sdk::json::array{sdk::json::object{{"id", id}, {member, text}}};
  }
}

/// Jobber's plan of a job: the hub's times, where they are set.
void set_timeframe(sdk::json::object& input, const sdk::WriteRequest& request) {
  if (!is_wanted(request, "startAt") && !is_wanted(request, "endAt")) return;
  sdk::json::object timeframe;
  for (const char* name : {"startAt", "endAt"}) {
    if (const std::string time = sdk::string_at(request.data, name); !time.empty()) timeframe[name] = time;
  }
  if (timeframe.contains("startAt")) input["timeframe"] = std::move(timeframe);
}

}  // namespace

bool is_wanted(const sdk::WriteRequest& request, const char* name) {
  const auto& fields = request.changed_fields;
  return request.data.is_object() && request.data.as_object().contains(name) &&
         (fields.empty() || std::find(fields.begin(), fields.end(), name) != fields.end());
}

sdk::Result<sdk::Record> written_record(const Resource& resource, const sdk::json::value& result, const char* member) {
  const auto* node = sdk::find_member(result, member);
  if (node == nullptr || sdk::string_at(*node, "id").empty())
    return sdk::transient_error("jobber.unreadable", "Jobber answered without the record it wrote");
  return make_record(resource, *node);
}

sdk::Result<sdk::json::value> Writing::mutate(const sdk::CallContext& context, const std::string& operation,
                                              const std::string& document, const sdk::json::object& variables,
                                              const char* payload) {
  PATCHBAY_ASSIGN(const auto data, graphql_.run(context, operation, document, variables));
  const auto* result = sdk::find_member(data, payload);
  if (result == nullptr || !result->is_object())
    return sdk::transient_error("jobber.unreadable", "Jobber answered without a result");
  PATCHBAY_TRY(check_user_errors(*result));
  return *result;
}

sdk::Result<sdk::Record> Writing::read(const sdk::CallContext& context, const Resource& resource,
                                       const std::string& id) {
  PATCHBAY_ASSIGN(const auto data,
                  graphql_.run(context, operation_name("Get", resource), get_document(resource), {{"id", id}}));
  const auto* node = sdk::find_member(data, resource.get_field);
  if (node == nullptr || !node->is_object())
    return sdk::not_found_error("jobber.not_found", "Jobber has no such record");
  return make_record(resource, *node);
}

sdk::Result<sdk::Record> Writing::create(const sdk::CallContext& context, const sdk::WriteRequest& request) {
  if (request.resource == "clients") return create_client(context, request.data);
  if (request.resource == "jobs") return create_job(context, request.data);
  if (request.resource == "quotes") return create_quote(context, request.data);
  return sdk::permanent_error("jobber.read_only", "Jobber's " + request.resource + " are not written from here");
}

sdk::Result<sdk::Record> Writing::update(const sdk::CallContext& context, const sdk::WriteRequest& request) {
  if (request.resource == "clients") return update_client(context, request);
  if (request.resource == "jobs") return update_job(context, request);
  if (request.resource == "quotes") return update_quote(context, request);
  return sdk::permanent_error("jobber.read_only", "Jobber's " + request.resource + " are not written from here");
}

sdk::Result<std::optional<sdk::Record>> Writing::find_client(const sdk::CallContext& context,
                                                             const sdk::json::value& data) {
  const std::string email = sdk::string_at(data, "email");
  const std::string name = sdk::string_at(data, "name");
  const std::string document = "query FindClients($term: String!) { clients(first: 25, searchTerm: $term) { nodes { " +
                               clients().fields + " } } }";
  PATCHBAY_ASSIGN(const auto found,
                  graphql_.run(context, "FindClients", document, {{"term", email.empty() ? name : email}}));
  const auto* nodes = sdk::find_path(found, "clients.nodes");
  if (nodes == nullptr || !nodes->is_array()) return std::optional<sdk::Record>();
  for (const auto& node : nodes->as_array()) {
    const auto created = sdk::parse_time(sdk::string_at(node, "createdAt"));
    const bool fresh = created.ok() && *created > clock_.now() - kLostAnswerWindow;
    const bool same = email.empty() ? fresh && sdk::string_at(node, "name") == name : has_email(node, email);
    if (same) return std::optional(make_record(clients(), node));
  }
  return std::optional<sdk::Record>();
}

sdk::Result<sdk::Record> Writing::create_client(const sdk::CallContext& context, const sdk::json::value& data) {
  PATCHBAY_ASSIGN(auto known, find_client(context, data));
  if (known) return std::move(*known);
  sdk::json::object input;
  set_name(input, sdk::string_at(data, "name"), is_true(sdk::find_member(data, "isCompany")));
  set_contact(input, {}, "emails", "address", sdk::string_at(data, "email"));
  set_contact(input, {}, "phones", "number", sdk::string_at(data, "phone"));
  for (const char* list : {"emails", "phones"}) {
    const std::string add = std::string(list) + "ToAdd";
    if (auto* entries = input.if_contains(add)) {
      sdk::json::value moved = std::move(*entries);
      input.erase(add);
      input[list] = std::move(moved);
    }
  }
  const auto* address = sdk::find_member(data, "address");
  const auto* billing = sdk::find_member(data, "billingAddress");
  const auto* bill_to = billing != nullptr && billing->is_object() ? billing : address;
  if (bill_to != nullptr && bill_to->is_object()) input["billingAddress"] = address_input(*bill_to);
  PATCHBAY_ASSIGN(const auto result,
                  mutate(context, "CreateClient",
                         "mutation CreateClient($input: ClientCreateInput!) { clientCreate(input: $input) { client { " +
                             clients().fields + " } userErrors { message path } } }",
                         {{"input", std::move(input)}}, "clientCreate"));
  const std::string id = sdk::string_at(result, "client.id");
  if (address != nullptr && address->is_object()) {
    PATCHBAY_TRY(create_property(context, id, *address));
    return read(context, clients(), id);
  }
  return written_record(clients(), result, "client");
}

sdk::Result<sdk::Record> Writing::update_client(const sdk::CallContext& context, const sdk::WriteRequest& request) {
  PATCHBAY_ASSIGN(const sdk::Record current, read(context, clients(), request.external_id));
  sdk::json::object input;
  const bool company = is_wanted(request, "isCompany") ? is_true(sdk::find_member(request.data, "isCompany"))
                                                       : is_true(sdk::find_member(current.data, "isCompany"));
  if (is_wanted(request, "name")) set_name(input, sdk::string_at(request.data, "name"), company);
  if (is_wanted(request, "isCompany")) input["isCompany"] = company;
  if (is_wanted(request, "email"))
    set_contact(input, current.data, "emails", "address", sdk::string_at(request.data, "email"));
  if (is_wanted(request, "phone"))
    set_contact(input, current.data, "phones", "number", sdk::string_at(request.data, "phone"));
  if (is_wanted(request, "billingAddress"))
    input["billingAddress"] = address_input(*sdk::find_member(request.data, "billingAddress"));
  // The service address is a property of the client; only where there is none yet it can be made from here.
  const bool no_property = sdk::string_at(current.data, "clientProperties.nodes[0].id").empty();
  if (is_wanted(request, "address") && sdk::find_member(request.data, "address")->is_object()) {
    if (no_property)
      PATCHBAY_TRY(create_property(context, request.external_id, *sdk::find_member(request.data, "address")));
    if (!input.contains("billingAddress"))
      input["billingAddress"] = address_input(*sdk::find_member(request.data, "address"));
  }
  if (input.empty()) return read(context, clients(), request.external_id);
  PATCHBAY_ASSIGN(const auto result,
                  mutate(context, "EditClient",
                         "mutation EditClient($clientId: EncodedId!, $input: ClientEditInput!) { clientEdit(clientId: "
                         "$clientId, input: "
                         "$input) { client { " +
                             clients().fields + " } userErrors { message path } } }",
                         {{"clientId", request.external_id}, {"input", std::move(input)}}, "clientEdit"));
  return written_record(clients(), result, "client");
}

sdk::Result<void> Writing::archive_client(const sdk::CallContext& context, const std::string& client_id) {
  const auto archived =
      mutate(context, "ArchiveClient",
             "mutation ArchiveClient($clientId: EncodedId!) { clientArchive(clientId: $clientId) { client { id } "
             "userErrors { message path } } }",
             {{"clientId", client_id}}, "clientArchive");
  if (!archived.ok() && archived.error().error_class != sdk::ErrorClass::kNotFound) return archived.error();
  return {};
}

sdk::Result<std::string> Writing::create_property(const sdk::CallContext& context, const std::string& client_id,
                                                  const sdk::json::value& address) {
  PATCHBAY_ASSIGN(
      const auto result,
      mutate(context, "CreateProperty",
             "mutation CreateProperty($clientId: EncodedId!, $input: PropertyCreateInput!) { propertyCreate(clientId: "
             "$clientId, input: $input) { properties { id } userErrors { message path } } }",
             {{"clientId", client_id},
              {"input", {{"properties", sdk::json::array{sdk::json::object{{"address", address_input(address)}}}}}}},
             "propertyCreate"));
  return sdk::string_at(result, "properties[0].id");
}

/// A job hangs on a property, not on a client: the client's first one, else one made from the billing address.
sdk::Result<std::string> Writing::property_of(const sdk::CallContext& context, const std::string& client_id) {
  PATCHBAY_ASSIGN(const sdk::Record client, read(context, clients(), client_id));
  const std::string id = sdk::string_at(client.data, "clientProperties.nodes[0].id");
  if (!id.empty()) return id;
  const auto* billing = sdk::find_member(client.data, "billingAddress");
  return create_property(context, client_id, billing == nullptr ? sdk::json::value(sdk::json::object()) : *billing);
}

sdk::Result<std::optional<sdk::Record>> Writing::find_job(const sdk::CallContext& context, const std::string& client_id,
                                                          const std::string& title) {
  const std::string document =
      "query FindJobs($term: String!) { jobs(first: 25, searchTerm: $term, sort: [{key: UPDATED_AT, direction: "
      "DESCENDING}]) { nodes { " +
      jobs().fields + " } } }";
  PATCHBAY_ASSIGN(const auto found, graphql_.run(context, "FindJobs", document, {{"term", title}}));
  const auto* nodes = sdk::find_path(found, "jobs.nodes");
  if (nodes == nullptr || !nodes->is_array()) return std::optional<sdk::Record>();
  for (const auto& node : nodes->as_array()) {
    const auto created = sdk::parse_time(sdk::string_at(node, "createdAt"));
    if (sdk::string_at(node, "title") == title && sdk::string_at(node, "client.id") == client_id && created.ok() &&
        *created > clock_.now() - kLostAnswerWindow) {
      return std::optional(make_record(jobs(), node));
    }
  }
  return std::optional<sdk::Record>();
}

sdk::Result<sdk::Record> Writing::create_job(const sdk::CallContext& context, const sdk::json::value& data) {
  const std::string client_id = sdk::string_at(data, "clientId");
  const std::string title = sdk::string_at(data, "title");
  if (client_id.empty())
    return sdk::invalid_error("jobber.no_client", "a job needs a client that Jobber knows", "clientId");
  PATCHBAY_ASSIGN(auto known, find_job(context, client_id, title));
  if (known) return std::move(*known);
  PATCHBAY_ASSIGN(const std::string property_id, property_of(context, client_id));
  sdk::json::object input{{"propertyId", property_id},
                          {"title", title},
                          {"invoicing", {{"invoicingType", "FIXED_PRICE"}, {"invoicingSchedule", "ON_COMPLETION"}}}};
  if (const std::string text = sdk::string_at(data, "instructions"); !text.empty()) input["instructions"] = text;
  sdk::WriteRequest times;
  times.data = data;
  set_timeframe(input, times);
  PATCHBAY_ASSIGN(const auto result,
                  mutate(context, "CreateJob",
                         "mutation CreateJob($input: JobCreateAttributes!) { jobCreate(input: $input) { job { " +
                             jobs().fields + " } userErrors { message path } } }",
                         {{"input", std::move(input)}}, "jobCreate"));
  return written_record(jobs(), result, "job");
}

sdk::Result<sdk::Record> Writing::update_job(const sdk::CallContext& context, const sdk::WriteRequest& request) {
  sdk::json::object input;
  if (is_wanted(request, "title")) input["title"] = sdk::string_at(request.data, "title");
  if (is_wanted(request, "instructions")) input["instructions"] = sdk::string_at(request.data, "instructions");
  set_timeframe(input, request);
  if (input.empty()) return read(context, jobs(), request.external_id);
  PATCHBAY_ASSIGN(const auto result, mutate(context, "EditJob",
                                            "mutation EditJob($jobId: EncodedId!, $input: JobEditInput!) { "
                                            "jobEdit(jobId: $jobId, input: $input) { job { " +
                                                jobs().fields + " } userErrors { message path } } }",
                                            {{"jobId", request.external_id}, {"input", std::move(input)}}, "jobEdit"));
  return written_record(jobs(), result, "job");
}

}  // namespace patchbay::jobber
