#include "drive.hpp"

namespace patchbay::google {
namespace {

constexpr std::uint32_t kPageMax = 1000;
constexpr double kListCost = 100, kGetCost = 5, kEditCost = 50, kDownloadCost = 200, kOtherCost = 5;
constexpr std::size_t kDownloadMax = 10 * 1024 * 1024;
// Without a list of fields Drive tells id, name, kind and type only.
constexpr const char* kFileFields =
    "id,name,mimeType,size,md5Checksum,sha256Checksum,parents,createdTime,modifiedTime,webViewLink,trashed,"
    "owners(emailAddress,displayName),version,driveId";

Call drive_call(const char* method, std::string path, double cost) {
  Call call;
  call.root = Root::kDrive;
  call.method = method;
  call.path = std::move(path);
  call.cost = cost;
  return call;
}

bool is_true(const sdk::json::value& value, std::string_view member) {
  const auto* found = sdk::find_member(value, member);
  return found != nullptr && found->is_bool() && found->as_bool();
}

/// 'it\'s' as a value inside a query.
std::string quoted(const std::string& text) {
  std::string out = "'";
  for (const char c : text) out += c == '\'' || c == '\\' ? std::string("\\") + c : std::string(1, c);
  return out + "'";
}

}  // namespace

/// Where a run stands: the page after, the changes it reads (empty: a full list), and where the next run begins.
struct Drive::Cursor {
  std::string page, changes, baseline;
  static Cursor of(const sdk::ListRequest& request) {
    const auto parsed = sdk::parse_json(request.page_cursor, {16 * 1024, 4});
    if (!parsed.ok()) return {};
    return {sdk::string_at(*parsed, "page"), sdk::string_at(*parsed, "changes"), sdk::string_at(*parsed, "baseline")};
  }
  std::string text() const {
    return sdk::json::serialize(sdk::json::object{{"page", page}, {"changes", changes}, {"baseline", baseline}});
  }
};

sdk::Record make_file_record(sdk::json::value file) {
  sdk::Record record;
  record.resource = kFiles;
  record.external_id = sdk::string_at(file, "id");
  record.version = number_at(file, "version");
  record.deleted = is_true(file, "trashed");
  if (const auto time = sdk::parse_time(sdk::string_at(file, "modifiedTime")); time.ok()) record.updated_at = *time;
  record.data = std::move(file);
  return record;
}

sdk::Result<std::string> Drive::start_page_token(const sdk::CallContext& context) {
  Call call = drive_call("GET", "/changes/startPageToken", kOtherCost);
  call.query = {{"supportsAllDrives", "true"}};
  PATCHBAY_ASSIGN(const auto answer, api_.json(context, std::move(call)));
  std::string token = sdk::string_at(answer, "startPageToken");
  if (token.empty()) return sdk::transient_error("google.unreadable", "Drive did not say where its changes begin");
  return token;
}

sdk::Result<sdk::Page> Drive::list(const sdk::CallContext& context, const sdk::ListRequest& request) {
  Cursor cursor = Cursor::of(request);
  if (request.page_cursor.empty() && request.mode == sdk::SyncMode::kIncremental) cursor.changes = request.checkpoint;
  return cursor.changes.empty() ? full_page(context, request, std::move(cursor))
                                : changes_page(context, request, std::move(cursor));
}

sdk::Result<sdk::Page> Drive::full_page(const sdk::CallContext& context, const sdk::ListRequest& request,
                                        Cursor cursor) {
  if (cursor.baseline.empty()) {
    PATCHBAY_ASSIGN(cursor.baseline, start_page_token(context));
  }
  Call call = drive_call("GET", "/files", kListCost);
  call.query = {{"pageSize", std::to_string(std::clamp<std::uint32_t>(request.page_size, 1, kPageMax))},
                {"q", "trashed=false"},
                {"supportsAllDrives", "true"},
                {"includeItemsFromAllDrives", "true"},
                {"fields", std::string("nextPageToken,incompleteSearch,files(") + kFileFields + ")"}};
  if (!cursor.page.empty()) call.query.emplace_back("pageToken", cursor.page);
  PATCHBAY_ASSIGN(const auto answer, api_.json(context, std::move(call)));
  // What is not in half a list is not gone.
  if (is_true(answer, "incompleteSearch"))
    return sdk::transient_error("google.incomplete_search", "Drive could not search all of its files");
  sdk::Page page;
  for (auto& file : items_at(answer, "files")) page.records.push_back(make_file_record(std::move(file)));
  const std::string next = sdk::string_at(answer, "nextPageToken");
  if (!next.empty() && next == cursor.page)
    return sdk::transient_error("google.unreadable", "Google promised another page but named the same one");
  cursor.page = next;
  (next.empty() ? page.checkpoint : page.next_cursor) = next.empty() ? cursor.baseline : cursor.text();
  return page;
}

sdk::Result<sdk::Page> Drive::changes_page(const sdk::CallContext& context, const sdk::ListRequest& request,
                                           Cursor cursor) {
  const std::string token = cursor.page.empty() ? cursor.changes : cursor.page;
  Call call = drive_call("GET", "/changes", kListCost);
  call.query = {{"pageToken", token},
                {"pageSize", std::to_string(std::clamp<std::uint32_t>(request.page_size, 1, kPageMax))},
                {"includeRemoved", "true"},
                {"supportsAllDrives", "true"},
                {"includeItemsFromAllDrives", "true"},
                {"fields", std::string("nextPageToken,newStartPageToken,changes(changeType,time,removed,fileId,file(") +
                               kFileFields + "))"}};
  PATCHBAY_ASSIGN(const auto answer, api_.json(context, std::move(call)));
  sdk::Page page;
  for (const auto& change : items_at(answer, "changes")) {
    if (sdk::string_at(change, "changeType") == "drive") continue;
    const auto* file = sdk::find_member(change, "file");
    sdk::Record record;
    if (file != nullptr && file->is_object()) record = make_file_record(*file);
    record.resource = kFiles;
    record.external_id = sdk::string_at(change, "fileId");
    // Removed is deleted, or no longer ours to see: the same for us.
    record.deleted = record.deleted || is_true(change, "removed");
    if (record.data.is_null()) record.data = sdk::json::object{{"id", record.external_id}};
    if (!record.external_id.empty()) page.records.push_back(std::move(record));
  }
  const std::string next = sdk::string_at(answer, "nextPageToken");
  if (!next.empty() && next == token)
    return sdk::transient_error("google.unreadable", "Google promised another page but named the same one");
  cursor.page = next;
  (next.empty() ? page.checkpoint : page.next_cursor) =
      next.empty() ? sdk::string_at(answer, "newStartPageToken") : cursor.text();
  if (next.empty() && page.checkpoint.empty()) page.checkpoint = token;
  return page;
}

sdk::Result<sdk::Record> Drive::get(const sdk::CallContext& context, const std::string& id) {
  Call call = drive_call("GET", "/files/" + sdk::url_encode(id), kGetCost);
  call.query = {{"supportsAllDrives", "true"}, {"fields", kFileFields}};
  PATCHBAY_ASSIGN(auto file, api_.json(context, std::move(call)));
  sdk::Record record = make_file_record(std::move(file));
  if (record.external_id.empty())
    return sdk::transient_error("google.unreadable", "Drive answered without the file's id");
  return record;
}

sdk::Result<sdk::json::value> Drive::find_files(const sdk::CallContext& context, const sdk::json::object& arguments) {
  std::string query = sdk::string_at(arguments, "query");
  if (const std::string folder = sdk::string_at(arguments, "folderId"); !folder.empty())
    query += (query.empty() ? "" : " and ") + quoted(folder) + " in parents";
  query += query.empty() ? "trashed=false" : " and trashed=false";
  Call call = drive_call("GET", "/files", kListCost);
  call.query = {{"pageSize", "200"},
                {"q", query},
                {"orderBy", "folder,name"},
                {"supportsAllDrives", "true"},
                {"includeItemsFromAllDrives", "true"},
                {"fields", std::string("nextPageToken,incompleteSearch,files(") + kFileFields + ")"}};
  if (const std::string token = sdk::string_at(arguments, "pageToken"); !token.empty())
    call.query.emplace_back("pageToken", token);
  PATCHBAY_ASSIGN(const auto answer, api_.json(context, std::move(call)));
  return sdk::json::value(sdk::json::object{{"files", items_at(answer, "files")},
                                            {"nextPageToken", sdk::string_at(answer, "nextPageToken")},
                                            {"incomplete", is_true(answer, "incompleteSearch")}});
}

sdk::Result<sdk::json::value> Drive::download(const sdk::CallContext& context, const std::string& id) {
  PATCHBAY_ASSIGN(const auto file, get(context, id));
  Call call = drive_call("GET", "/files/" + sdk::url_encode(id), kDownloadCost);
  call.query = {{"alt", "media"}, {"supportsAllDrives", "true"}};
  const std::string type = sdk::string_at(file.data, "mimeType");
  // Google's own documents have no bytes of their own.
  if (type.rfind("application/vnd.google-apps.", 0) == 0) {
    call.path += "/export";
    call.query = {{"mimeType", "application/pdf"}};
  }
  call.headers = {{"Range", "bytes=0-" + std::to_string(kDownloadMax - 1)}};
  PATCHBAY_ASSIGN(const sdk::HttpResponse response, api_.send(context, call));
  return sdk::json::value(sdk::json::object{
      {"file", file.data}, {"content", sdk::base64_encode(std::string_view(response.body).substr(0, kDownloadMax))}});
}

sdk::Result<sdk::json::value> Drive::share(const sdk::CallContext& context, const sdk::json::object& arguments) {
  const std::string id = sdk::string_at(arguments, "fileId");
  const std::string email = sdk::string_at(arguments, "email");
  std::string type = sdk::string_at(arguments, "type");
  if (type.empty()) type = "user";
  if (id.empty()) return sdk::invalid_error("google.argument", "'fileId' is needed", "fileId");
  if (email.empty() && (type == "user" || type == "group"))
    return sdk::invalid_error("google.argument", "'email' says whom it is shared with", "email");
  std::string role = sdk::string_at(arguments, "role");
  if (role.empty()) role = "reader";
  sdk::json::object body{{"type", type}, {"role", role}};
  if (!email.empty()) body["emailAddress"] = email;
  if (const std::string domain = sdk::string_at(arguments, "domain"); !domain.empty()) body["domain"] = domain;
  Call call = drive_call("POST", "/files/" + sdk::url_encode(id) + "/permissions", kEditCost);
  call.query = {{"supportsAllDrives", "true"}, {"fields", "id,type,role,emailAddress,domain"}};
  if (type == "user" || type == "group")
    call.query.emplace_back("sendNotificationEmail", is_true(sdk::json::value(arguments), "notify") ? "true" : "false");
  call.body = body_text(body);
  return api_.json(context, std::move(call));
}

}  // namespace patchbay::google
