#include "listing.hpp"

#include <set>

namespace patchbay::stripe {
namespace {

constexpr std::uint32_t kPageMax = 100;
constexpr std::chrono::hours kEventsReachBack{24 * 29};  // 30 days, less one of safety
constexpr std::size_t kInvoicePaymentsMax = 500'000;

std::string page_limit(const sdk::ListRequest& request) {
  return std::to_string(std::min(std::max<std::uint32_t>(request.page_size, 1), kPageMax));
}

bool has_more(const sdk::json::value& list) {
  const auto* more = sdk::find_member(list, "has_more");
  return more != nullptr && more->is_bool() && more->as_bool();
}

sdk::json::array items_of(sdk::json::value& list) {
  auto* object = list.if_object();
  auto* data = object == nullptr ? nullptr : object->if_contains("data");
  return data != nullptr && data->is_array() ? std::move(data->as_array()) : sdk::json::array();
}

std::optional<sdk::SystemTime> time_at(const sdk::json::value& value, std::string_view path) {
  const auto* seconds = sdk::find_path(value, path);
  if (seconds == nullptr || !seconds->is_int64()) return std::nullopt;
  return sdk::SystemTime(std::chrono::seconds(seconds->as_int64()));
}

sdk::json::object object_of(const std::string& text) {
  const auto parsed = sdk::parse_json(text, {16 * 1024, 8});
  return parsed.ok() && parsed->is_object() ? parsed->as_object() : sdk::json::object();
}

std::string checkpoint_of(const std::string& event_id, sdk::SystemTime at) {
  return sdk::json::serialize(sdk::json::object{{"event", event_id}, {"at", sdk::format_time(at)}});
}

std::string intent_of(const sdk::json::value& charge) {
  const auto* intent = sdk::find_member(charge, "payment_intent");
  if (intent == nullptr) return {};
  return intent->is_object() ? sdk::string_at(*intent, "id") : sdk::string_at(charge, "payment_intent");
}

bool is_worth_waiting(const sdk::Error& error) {
  return error.error_class == sdk::ErrorClass::kTransient || error.error_class == sdk::ErrorClass::kRateLimited ||
         error.error_class == sdk::ErrorClass::kCancelled;
}

/// An inquiry (warning_…) moves no money yet; what was won or prevented is back.
bool takes_money(const sdk::json::value& dispute) {
  const std::string status = sdk::string_at(dispute, "status");
  return status != "won" && status != "prevented" && status.rfind("warning_", 0) != 0;
}

std::int64_t whole_number(const sdk::json::value& object, std::string_view member) {
  const auto* value = sdk::find_member(object, member);
  return value != nullptr && value->is_int64() ? value->as_int64() : 0;
}

}  // namespace

sdk::Result<sdk::Page> Listing::page(const sdk::CallContext& context, const Resource& resource,
                                     const sdk::ListRequest& request) {
  const sdk::json::object cursor = object_of(request.page_cursor);
  if (cursor.contains("events")) return event_page(context, resource, request, sdk::string_at(cursor, "events"));
  if (!cursor.empty() || request.mode == sdk::SyncMode::kFull || request.checkpoint.empty()) {
    return full_page(context, resource, request, cursor);
  }
  const sdk::json::object checkpoint = object_of(request.checkpoint);
  const auto seen_at = sdk::parse_time(sdk::string_at(checkpoint, "at"));
  const std::string event = sdk::string_at(checkpoint, "event");
  if (event.empty() || !seen_at.ok() || *seen_at < clock_.now() - kEventsReachBack) {
    logger_.log(sdk::LogLevel::kInfo, "the last run is further back than Stripe's events; everything is listed anew");
    return full_page(context, resource, request, cursor);
  }
  auto events = event_page(context, resource, request, event);
  if (!events.ok() &&
      (events.error().error_class == sdk::ErrorClass::kNotFound || events.error().code == "stripe.resource_missing")) {
    logger_.log(sdk::LogLevel::kInfo, "Stripe no longer knows the last event; everything is listed anew");
    return full_page(context, resource, request, cursor);
  }
  return events;
}

sdk::Result<std::string> Listing::newest_event(const sdk::CallContext& context) {
  PATCHBAY_ASSIGN(const auto list, api_.get(context, "/events", "GET /v1/events", {{"limit", "1"}}));
  return sdk::string_at(list, "data[0].id");
}

sdk::Result<sdk::Page> Listing::full_page(const sdk::CallContext& context, const Resource& resource,
                                          const sdk::ListRequest& request, const sdk::json::object& cursor) {
  sdk::Page page;
  // Where the next incremental run starts is fixed before the first object is read: what changes meanwhile is seen
  // twice, not missed.
  std::string checkpoint = sdk::string_at(cursor, "checkpoint");
  if (cursor.empty()) {
    const auto began = clock_.now();
    PATCHBAY_ASSIGN(const std::string newest, newest_event(context));
    checkpoint = checkpoint_of(newest, began);
  }
  Fields query{{"limit", page_limit(request)}};
  for (const std::string& expand : resource.expand) query.emplace_back("expand[]", "data." + expand);
  if (const std::string after = sdk::string_at(cursor, "after"); !after.empty())
    query.emplace_back("starting_after", after);
  PATCHBAY_ASSIGN(auto list, api_.get(context, "/" + resource.name, "GET /v1/" + resource.name, query));
  const bool more = has_more(list);
  if (resource.name == "charges" && !invoice_of_intent_) PATCHBAY_TRY(load_invoice_payments(context));
  for (auto& object : items_of(list)) {
    if (resource.name == "charges") {
      PATCHBAY_TRY(add_disputed_amount(context, object));
      const auto invoice = invoice_of_intent_->find(intent_of(object));
      if (invoice != invoice_of_intent_->end() && !object.as_object().contains("invoice"))
        object.as_object()["invoice"] = invoice->second;
    }
    // No time of state: Stripe's events tell whole seconds by Stripe's clock, so a finer time of ours would make an
    // event of the same second look old.
    auto record = make_record(resource, std::move(object), std::nullopt);
    if (record.external_id.empty()) {
      page.problems.push_back({"", "Stripe sent an object without an id"});
      continue;
    }
    page.records.push_back(std::move(record));
  }
  if (more && !page.records.empty()) {
    page.next_cursor =
        sdk::json::serialize(sdk::json::object{{"after", page.records.back().external_id}, {"checkpoint", checkpoint}});
  } else {
    page.checkpoint = checkpoint;
    invoice_of_intent_.reset();
  }
  return page;
}

sdk::Result<sdk::Page> Listing::event_page(const sdk::CallContext& context, const Resource& resource,
                                           const sdk::ListRequest& request, const std::string& after_event) {
  Fields query{{"limit", page_limit(request)}, {"ending_before", after_event}};
  for (const std::string& type : resource.event_types) query.emplace_back("types[]", type);
  PATCHBAY_ASSIGN(auto list, api_.get(context, "/events", "GET /v1/events", query));
  const bool more = has_more(list);
  const sdk::json::array events = items_of(list);
  sdk::Page page;
  // Newest first: of several events about one object only its newest state counts.
  std::set<std::string> seen;
  for (const auto& event : events) {
    const std::string id = sdk::string_at(event, "data.object.id");
    if (id.empty() || !seen.insert(id).second) continue;
    auto record = record_of_event(context, resource, event);
    if (!record.ok()) {
      if (record.error().error_class != sdk::ErrorClass::kNotFound) return std::move(record).error();
      page.problems.push_back({id, record.error().message});
      continue;
    }
    page.records.push_back(std::move(*record));
  }
  const std::string newest = events.empty() ? after_event : sdk::string_at(events.front(), "id");
  if (more && !events.empty()) {
    page.next_cursor = sdk::json::serialize(sdk::json::object{{"events", newest}});
  } else {
    page.checkpoint = checkpoint_of(newest, clock_.now());
  }
  return page;
}

sdk::Result<sdk::Record> Listing::record_of_event(const sdk::CallContext& context, const Resource& resource,
                                                  const sdk::json::value& event) {
  const auto* object = sdk::find_path(event, "data.object");
  const auto changed_at = time_at(event, "created");
  const std::string type = sdk::string_at(event, "type");
  if (type.size() > 8 && type.compare(type.size() - 8, 8, ".deleted") == 0) {
    sdk::Record record = make_record(resource, *object, changed_at);
    record.deleted = true;
    return record;
  }
  // The copy in an event is rendered in the event's own API version; another than ours has other members.
  if (sdk::string_at(event, "api_version") == api_version_ && resource.name != "charges" && resource.expand.empty()) {
    return make_record(resource, *object, changed_at);
  }
  const std::string id = sdk::string_at(*object, "id");
  Fields query;
  for (const std::string& expand : resource.expand) query.emplace_back("expand[]", expand);
  PATCHBAY_ASSIGN(auto fresh, api_.get(context, "/" + resource.name + "/" + sdk::url_encode(id),
                                       "GET /v1/" + resource.name + "/{id}", query));
  if (resource.name == "charges") {
    PATCHBAY_TRY(add_invoice_of(context, fresh));
    PATCHBAY_TRY(add_disputed_amount(context, fresh));
  }
  return make_record(resource, std::move(fresh), clock_.now());
}

sdk::Result<void> Listing::load_invoice_payments(const sdk::CallContext& context) {
  invoice_of_intent_.emplace();
  std::string after;
  while (invoice_of_intent_->size() < kInvoicePaymentsMax) {
    Fields query{{"limit", "100"}};
    if (!after.empty()) query.emplace_back("starting_after", after);
    auto list = api_.get(context, "/invoice_payments", "GET /v1/invoice_payments", query);
    // A restricted key may lack the permission, an old API version the endpoint: charges then come without their
    // invoice.
    if (!list.ok() && !is_worth_waiting(list.error())) {
      logger_.log(sdk::LogLevel::kWarning, "invoice payments cannot be listed; payments come without their invoice",
                  {{"reason", list.error().message}});
      return {};
    }
    if (!list.ok()) {
      invoice_of_intent_.reset();
      return list.error();
    }
    const bool more = has_more(*list);
    for (const auto& item : items_of(*list)) {
      const std::string intent = sdk::string_at(item, "payment.payment_intent");
      const std::string invoice = sdk::string_at(item, "invoice");
      if (!intent.empty() && !invoice.empty()) invoice_of_intent_->emplace(intent, invoice);
      after = sdk::string_at(item, "id");
    }
    if (!more) return {};
  }
  return {};
}

sdk::Result<void> Listing::add_invoice_of(const sdk::CallContext& context, sdk::json::value& charge) {
  const std::string intent = intent_of(charge);
  if (!charge.is_object() || intent.empty() || charge.as_object().contains("invoice")) return {};
  auto list = api_.get(context, "/invoice_payments", "GET /v1/invoice_payments",
                       {{"payment[type]", "payment_intent"}, {"payment[payment_intent]", intent}, {"limit", "1"}});
  if (!list.ok()) {
    if (is_worth_waiting(list.error())) return list.error();
    return {};
  }
  const std::string invoice = sdk::string_at(*list, "data[0].invoice");
  if (!invoice.empty()) charge.as_object()["invoice"] = invoice;
  return {};
}

sdk::Result<void> Listing::add_disputed_amount(const sdk::CallContext& context, sdk::json::value& charge) {
  if (!charge.is_object()) return {};
  const auto* disputed = sdk::find_member(charge, "disputed");
  std::int64_t amount = 0;
  if (disputed != nullptr && disputed->is_bool() && disputed->as_bool()) {
    auto list = api_.get(context, "/disputes", "GET /v1/disputes",
                         {{"charge", sdk::string_at(charge, "id")}, {"limit", "100"}});
    if (!list.ok() && is_worth_waiting(list.error())) return list.error();
    // A restricted key may lack the permission: then the whole charge counts as disputed.
    if (!list.ok()) amount = whole_number(charge, "amount");
    if (list.ok()) {
      for (const auto& dispute : items_of(*list)) amount += takes_money(dispute) ? whole_number(dispute, "amount") : 0;
    }
  }
  charge.as_object()["disputed_amount"] = amount;
  return {};
}

}  // namespace patchbay::stripe
