#include "writing.hpp"

#include "document.hpp"
#include "open_writes.hpp"
#include "records.hpp"

namespace patchbay::quickbooks {
namespace {

constexpr int kStaleTriesMax = 3;
constexpr std::chrono::minutes kClockSkew{10};  // between QuickBooks and the hub

bool is_true_at(const sdk::json::value& value, const char* name) {
  const auto* found = sdk::find_member(value, name);
  return found != nullptr && found->is_bool() && found->as_bool();
}

/// Whether the answer tells for certain that nothing was written.
bool is_refusal(const sdk::Error& error) {
  using enum sdk::ErrorClass;
  return error.error_class != kTransient && error.error_class != kCancelled;
}

}  // namespace

sdk::Result<sdk::json::value> Writing::get_object(const sdk::CallContext& context, const Resource& resource,
                                                  const std::string& id) {
  PATCHBAY_ASSIGN(auto body, api_.read(context, resource.path + "/" + sdk::url_encode(id)));
  auto* object = body.as_object().if_contains(resource.object);
  if (object == nullptr || sdk::string_at(*object, "Id").empty())
    return sdk::transient_error("quickbooks.unreadable", "QuickBooks answered without the " + resource.object);
  return std::move(*object);
}

sdk::Result<sdk::Record> Writing::read(const sdk::CallContext& context, const Resource& resource,
                                       const std::string& id) {
  if (resource.is_money) PATCHBAY_TRY(lookups_.load(context));
  PATCHBAY_ASSIGN(auto object, get_object(context, resource, id));
  if (resource.name == "customers") lookups_.learn(object);
  return make_record(resource, std::move(object), lookups_, services_.clock.now());
}

sdk::Result<sdk::Record> Writing::post(const sdk::CallContext& context, const Resource& resource, WriteCall call) {
  PATCHBAY_ASSIGN(auto body, api_.write(context, std::move(call)));
  auto* object = body.as_object().if_contains(resource.object);
  // Without it nothing says whether anything was written.
  if (object == nullptr || sdk::string_at(*object, "Id").empty())
    return sdk::transient_error("quickbooks.unreadable", "QuickBooks answered without the record it wrote");
  return make_record(resource, std::move(*object), lookups_, services_.clock.now());
}

sdk::Result<sdk::Record> Writing::create(const sdk::CallContext& context, const Resource& resource,
                                         const sdk::WriteRequest& request) {
  WriteCall call;
  call.path = resource.path;
  call.body = new_document(resource, request);
  call.request_id = request_id_of(request.idempotency_key);
  if (resource.is_money) {
    PATCHBAY_TRY(lookups_.load(context));
    return create_money(context, resource, std::move(call));
  }
  call.retry_safe = !call.request_id.empty();
  const sdk::json::object document = call.body;
  auto created = post(context, resource, std::move(call));
  if (created.ok() || created.error().code != kDuplicateName) return created;
  return adopt(context, resource, document, std::move(created).error());
}

sdk::Result<sdk::Record> Writing::create_money(const sdk::CallContext& context, const Resource& resource,
                                               WriteCall call) {
  OpenWrites open(services_.state, services_.clock.now());
  const std::string request_id = call.request_id;
  const sdk::json::object document = call.body;
  if (!request_id.empty()) {
    PATCHBAY_ASSIGN(const auto sent_at, open.find(request_id));
    if (sent_at) {
      PATCHBAY_ASSIGN(auto booked, find_booked(context, resource, document, *sent_at));
      if (booked) {
        PATCHBAY_TRY(open.close(request_id));
        return std::move(*booked);
      }
    } else {
      PATCHBAY_TRY(open.open(request_id));
    }
  }
  auto created = post(context, resource, std::move(call));
  if (!created.ok() && created.error().code == kDuplicateNumber)
    created = adopt(context, resource, document, std::move(created).error());
  if (!request_id.empty() && (created.ok() || is_refusal(created.error()))) PATCHBAY_TRY(open.close(request_id));
  return created;
}

/// QuickBooks refuses the name or number since it has it: it may be the very record that is to be made.
sdk::Result<sdk::Record> Writing::adopt(const sdk::CallContext& context, const Resource& resource,
                                        const sdk::json::object& document, sdk::Error refusal) {
  const char* member = resource.is_money ? "DocNumber" : resource.name == "items" ? "Name" : "DisplayName";
  const std::string text = sdk::string_at(document, member);
  Statement statement{resource.object, {std::string(member) + " = " + literal(text)}, "", 1, 10};
  if (resource.is_list) statement.conditions.emplace_back("Active IN (true, false)");
  PATCHBAY_ASSIGN(QueryAnswer answer, api_.query(context, statement));
  for (auto& row : answer.rows) {
    const bool same = resource.is_money ? is_same_transaction(document, row)
                                        : resource.name == "customers" && is_same_customer(document, row);
    if (same) return make_record(resource, std::move(row), lookups_, services_.clock.now());
  }
  // The name may also be a vendor's or an employee's: it must be one of a kind over all three.
  refusal.field = member;
  return refusal;
}

sdk::Result<std::optional<sdk::Record>> Writing::find_booked(const sdk::CallContext& context, const Resource& resource,
                                                             const sdk::json::object& document, sdk::SystemTime since) {
  Statement statement{resource.object, {}, "MetaData.CreateTime ASC", 1, kMaxResults};
  statement.conditions.push_back("MetaData.CreateTime >= " + literal(sdk::format_time(since - kClockSkew)));
  PATCHBAY_ASSIGN(QueryAnswer answer, api_.query(context, statement));
  for (auto& row : answer.rows) {
    if (is_same_transaction(document, row))
      return std::optional(make_record(resource, std::move(row), lookups_, services_.clock.now()));
  }
  return std::optional<sdk::Record>();
}

sdk::Result<sdk::Record> Writing::sparse_update(const sdk::CallContext& context, const Resource& resource,
                                                const std::string& id, const sdk::json::object& changes,
                                                std::string sync_token, const std::string& request_id) {
  for (int tried = 1;; ++tried) {
    if (sync_token.empty()) {
      PATCHBAY_ASSIGN(const auto current, get_object(context, resource, id));
      sync_token = sdk::string_at(current, "SyncToken");
    }
    WriteCall call;
    call.path = resource.path;
    call.body = changes;
    call.body["sparse"] = true;
    call.body["Id"] = id;
    call.body["SyncToken"] = sync_token;
    // Another token is another request: the refused one would only be answered again.
    call.request_id = request_id_of(request_id.empty() ? request_id : request_id + "/" + sync_token);
    call.retry_safe = !call.request_id.empty();
    auto updated = post(context, resource, std::move(call));
    const bool stale = !updated.ok() && updated.error().error_class == sdk::ErrorClass::kConflict;
    if (!stale || tried == kStaleTriesMax) return updated;
    // A sparse update touches nothing but what changed here, so it may be put on top of the newer state.
    sync_token.clear();
  }
}

sdk::Result<sdk::Record> Writing::update(const sdk::CallContext& context, const Resource& resource,
                                         const sdk::WriteRequest& request) {
  if (resource.is_money) PATCHBAY_TRY(lookups_.load(context));
  const auto changes = sparse_document(resource, request);
  if (changes.empty()) return read(context, resource, request.external_id);
  return sparse_update(context, resource, request.external_id, changes, request.known_version, request.idempotency_key);
}

sdk::Result<sdk::json::value> Writing::act(const sdk::CallContext& context, const Resource& resource,
                                           const std::string& id, const Fields& query, const sdk::json::object& more) {
  for (int tried = 1;; ++tried) {
    PATCHBAY_ASSIGN(const auto current, get_object(context, resource, id));
    WriteCall call;
    call.path = resource.path;
    call.query = query;
    call.body = more;
    call.body["Id"] = id;
    call.body["SyncToken"] = sdk::string_at(current, "SyncToken");
    auto answer = api_.write(context, std::move(call));
    const bool stale = !answer.ok() && answer.error().error_class == sdk::ErrorClass::kConflict;
    if (!stale || tried == kStaleTriesMax) return answer;
  }
}

sdk::Result<void> Writing::remove(const sdk::CallContext& context, const Resource& resource, const std::string& id) {
  const auto gone = [](const sdk::Error& error) { return error.error_class == sdk::ErrorClass::kNotFound; };
  if (resource.removal == Removal::kDelete) {
    const auto deleted = act(context, resource, id, {{"operation", "delete"}}, {});
    if (!deleted.ok() && !gone(deleted.error())) return deleted.error();
    return {};
  }
  auto current = get_object(context, resource, id);
  if (!current.ok() && gone(current.error())) return {};
  if (!current.ok()) return std::move(current).error();
  if (!is_true_at(*current, "Active")) return {};
  PATCHBAY_TRY(sparse_update(context, resource, id, {{"Active", false}}, sdk::string_at(*current, "SyncToken"), ""));
  return {};
}

}  // namespace patchbay::quickbooks
