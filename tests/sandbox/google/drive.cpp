#include "tests/sandbox/google/drive.hpp"

#include "platform/base/digest.hpp"
#include "tests/sandbox/google/replies.hpp"

#include <patchbay/sdk/encoding.hpp>

#include <charconv>

namespace patchbay::sandbox::google {
namespace {

bool is_true(const json::object& value, std::string_view member) {
  const auto* found = value.if_contains(member);
  return found != nullptr && found->is_bool() && found->get_bool();
}

/// What stands in "name(…)" of a list of fields; the whole where there is no such group.
std::string group_of(const std::string& fields, const std::string& name) {
  const auto at = fields.find(name + "(");
  if (at == std::string::npos) return fields == "*" ? "*" : fields.find(name) != std::string::npos ? "*" : "";
  std::size_t depth = 1, end = at + name.size() + 1;
  while (end < fields.size() && depth > 0) {
    depth += fields[end] == '(' ? 1U : 0U;
    depth -= fields[end] == ')' ? 1U : 0U;
    ++end;
  }
  return fields.substr(at + name.size() + 1, end - at - name.size() - 2);
}

/// Names of the outermost level.
std::vector<std::string> names_of(std::string_view fields) {
  std::vector<std::string> names;
  std::string name;
  int depth = 0;
  for (const char c : fields) {
    depth += c == '(' ? 1 : c == ')' ? -1 : 0;
    if (c == ',' && depth == 0) {
      names.push_back(std::move(name));
      name.clear();
    } else if (depth == 0 && c != ')') {
      name += c;
    }
  }
  if (!name.empty()) names.push_back(name);
  return names;
}

/// The conditions of a search that are played: 'x' in parents, trashed=…, name = 'x', name contains 'x', mimeType =
/// 'x'.
bool meets(const json::object& file, const std::string& search) {
  std::size_t at = 0;
  while (at < search.size()) {
    auto end = search.find(" and ", at);
    const auto condition = search.substr(at, end - at);
    at = end == std::string::npos ? search.size() : end + 5;
    const auto quote = condition.find('\'');
    const auto value =
        quote == std::string::npos ? std::string() : condition.substr(quote + 1, condition.rfind('\'') - quote - 1);
    if (condition.find("in parents") != std::string::npos) {
      const auto& parents = file.at("parents").as_array();
      if (std::none_of(parents.begin(), parents.end(),
                       [&](const auto& parent) { return std::string_view(parent.as_string()) == value; }))
        return false;
    } else if (condition.starts_with("trashed")) {
      if (is_true(file, "trashed") != (condition.find("true") != std::string::npos)) return false;
    } else if (condition.starts_with("name contains")) {
      if (sdk::string_at(file, "name").find(value) == std::string::npos) return false;
    } else if (condition.starts_with("name")) {
      if (sdk::string_at(file, "name") != value) return false;
    } else if (condition.starts_with("mimeType")) {
      if (sdk::string_at(file, "mimeType") != value) return false;
    }
  }
  return true;
}

std::optional<std::uint64_t> number_of(const std::string& text) {
  std::uint64_t value = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || code != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

}  // namespace

json::object with_fields(const json::object& file, std::string_view fields) {
  json::object out;
  if (fields == "*") return file;
  const auto names = fields.empty() ? std::vector<std::string>{"kind", "id", "name", "mimeType"} : names_of(fields);
  for (const auto& name : names) {
    if (const auto* value = file.if_contains(name)) out[name] = *value;
  }
  return out;
}

json::object Drive::shown(const Record& record) const {
  json::object file = record.value;
  file.erase("_content");
  file["kind"] = "drive#file";
  file["version"] = std::to_string(record.updated_ms);
  return file;
}

json::object Drive::make_file(const json::object& metadata, const std::string& content, bool tell) {
  json::object file = metadata;
  auto id = sdk::string_at(file, "id");
  if (id.empty()) id = "1" + account_.context().new_id("", 32);
  file["id"] = id;
  if (!file.contains("name")) file["name"] = "Untitled";
  if (!file.contains("mimeType")) file["mimeType"] = "application/octet-stream";
  if (!file.contains("parents")) file["parents"] = json::array{"root"};
  if (!file.contains("createdTime")) file["createdTime"] = iso_time(account_.now_ms());
  file["modifiedTime"] = iso_time(account_.now_ms());
  file["trashed"] = false;
  file["owners"] = json::array{json::object{{"emailAddress", kEmail}, {"displayName", "Owner"}}};
  file["webViewLink"] = "https://drive.google.com/file/d/" + id + "/view";
  file["size"] = std::to_string(content.size());
  file["sha256Checksum"] = sdk::hex_encode(base::sha256(content));
  file["_content"] = sdk::base64_encode(content);
  account_.put("files", id, std::move(file));
  if (tell) account_.tell_channels("changes", "change");
  return shown(*account_.find("files", id));
}

bool Drive::change_file(std::string_view id, const json::object& members, const std::optional<std::string>& content) {
  const auto* record = account_.find("files", id);
  if (record == nullptr) return false;
  json::object file = record->value;
  json::object changes = members;
  changes.erase("id");
  merge_patch(file, changes);
  if (content) {
    file["size"] = std::to_string(content->size());
    file["sha256Checksum"] = sdk::hex_encode(base::sha256(*content));
    file["_content"] = sdk::base64_encode(*content);
  }
  file["modifiedTime"] = iso_time(account_.now_ms());
  account_.put("files", std::string(id), std::move(file));
  account_.tell_channels("changes", "change");
  return true;
}

bool Drive::remove_file(std::string_view id) {
  if (account_.find("files", id) == nullptr) return false;
  account_.erase("files", id);
  account_.put("removed", std::string(id), {{"fileId", id}, {"time", iso_time(account_.now_ms())}});
  account_.tell_channels("changes", "change");
  return true;
}

http::Response Drive::list(const http::Request& request) {
  const auto search = parameter(request, "q"), fields = parameter(request, "fields");
  std::size_t offset = 0;
  if (const auto page = parameter(request, "pageToken"); !page.empty()) {
    const auto parsed = parse_page_token(page, search);
    if (!parsed) return refused(400, "invalid", "Invalid Value");
    offset = *parsed;
  }
  std::vector<const Record*> found;
  for (const auto* record : account_.table("files").by_created()) {
    if (meets(record->value, search)) found.push_back(record);
  }
  const auto size = size_parameter(request, "pageSize", 100, 1000);
  json::array files;
  for (std::size_t at = offset; at < std::min(offset + size, found.size()); ++at)
    files.push_back(with_fields(shown(*found[at]), fields.empty() ? "" : group_of(fields, "files")));
  json::object answer{{"files", std::move(files)}, {"incompleteSearch", false}};
  if (fields.empty()) answer["kind"] = "drive#fileList";
  if (offset + size < found.size()) answer["nextPageToken"] = page_token(offset + size, search);
  return ok(answer);
}

http::Response Drive::changes(const http::Request& request) {
  const auto since = number_of(parameter(request, "pageToken"));
  if (!since) return refused(400, "invalid", "Invalid Value");
  const auto file_fields = group_of(group_of(parameter(request, "fields"), "changes"), "file");
  std::vector<const Record*> all;
  for (const auto* kind : {"files", "removed"}) {
    for (const auto* record : account_.table(kind).by_updated()) {
      if (static_cast<std::uint64_t>(record->updated_ms) > *since) all.push_back(record);
    }
  }
  std::sort(all.begin(), all.end(),
            [](const Record* left, const Record* right) { return left->updated_ms < right->updated_ms; });
  const auto size = size_parameter(request, "pageSize", 100, 1000);
  json::array changes;
  for (std::size_t at = 0; at < std::min(size, all.size()); ++at) {
    const bool removed = all[at]->value.contains("fileId");
    json::object change{{"kind", "drive#change"},
                        {"changeType", "file"},
                        {"removed", removed},
                        {"fileId", all[at]->id},
                        {"time", iso_time(account_.now_ms())}};
    if (!removed) change["file"] = with_fields(shown(*all[at]), file_fields);
    changes.push_back(std::move(change));
  }
  json::object answer{{"changes", std::move(changes)}};
  if (all.size() > size) {
    answer["nextPageToken"] = std::to_string(all[size - 1]->updated_ms);
  } else {
    answer["newStartPageToken"] = std::to_string(account_.last_change());
  }
  return ok(answer);
}

http::Response Drive::one(const http::Request& request, const std::string& id) {
  const auto* record = account_.find("files", id);
  if (record == nullptr) return refused(404, "notFound", "File not found: " + id + ".");
  if (request.method == "DELETE") {
    remove_file(id);
    return http::Response::empty(204);
  }
  if (request.method == "PATCH") {
    change_file(id, object_body(request).value_or(json::object()), std::nullopt);
    return ok(with_fields(shown(*account_.find("files", id)), parameter(request, "fields")));
  }
  if (parameter(request, "alt") != "media") return ok(with_fields(shown(*record), parameter(request, "fields")));
  if (sdk::string_at(record->value, "mimeType").starts_with("application/vnd.google-apps."))
    return refused(403, "fileNotDownloadable", "Only files with binary content can be downloaded.");
  auto response = http::Response::text(200, sdk::base64_decode(sdk::string_at(record->value, "_content")).value_or(""));
  response.content_type = sdk::string_at(record->value, "mimeType");
  return response;
}

http::Response Drive::share(const http::Request& request, const std::string& id) {
  if (account_.find("files", id) == nullptr) return refused(404, "notFound", "File not found: " + id + ".");
  if (request.method == "GET") {
    json::array permissions;
    for (const auto* record : account_.table("permissions").by_created()) {
      if (sdk::string_at(record->value, "_file") == id) permissions.push_back(record->value);
    }
    return ok(json::object{{"permissions", std::move(permissions)}});
  }
  auto body = object_body(request).value_or(json::object());
  const auto type = sdk::string_at(body, "type"), role = sdk::string_at(body, "role");
  const bool person = type == "user" || type == "group";
  if ((!person && type != "domain" && type != "anyone") || role.empty())
    return refused(400, "invalid", "The specified type or role is invalid.");
  if (person && sdk::string_at(body, "emailAddress").empty())
    return refused(400, "required", "The emailAddress field is required.");
  const auto permission = std::to_string(account_.context().store.next_number());
  body["id"] = permission;
  body["_file"] = id;
  account_.put("permissions", permission, body);
  change_file(id, {}, std::nullopt);
  body.erase("_file");
  return ok(body);
}

http::Response Drive::watch(const http::Request& request) {
  const auto body = object_body(request);
  if (!body || sdk::string_at(*body, "type") != "web_hook" || sdk::string_at(*body, "address").empty())
    return refused(400, "invalid", "type and address are needed");
  const auto channel = account_.open_channel(*body, "changes", "https://www.googleapis.com/drive/v3/changes?alt=json");
  return channel ? ok(*channel) : refused(400, "channelIdNotUnique", "Channel id not unique");
}

http::Response Drive::answer(const http::Request& request, const std::vector<std::string>& parts) {
  const auto& method = request.method;
  const auto part = [&](std::size_t at) { return at < parts.size() ? parts[at] : std::string(); };
  if (part(0) == "channels" && part(1) == "stop" && method == "POST") {
    const auto body = object_body(request).value_or(json::object());
    const bool stopped = account_.stop_channel(sdk::string_at(body, "id"), sdk::string_at(body, "resourceId"));
    return stopped ? http::Response::empty(204) : not_found();
  }
  if (part(0) == "changes" && part(1) == "startPageToken")
    return ok(json::object{{"startPageToken", std::to_string(account_.last_change())}});
  if (part(0) == "changes" && part(1) == "watch" && method == "POST") return watch(request);
  if (part(0) == "changes" && parts.size() == 1) return changes(request);
  if (part(0) == "about") {
    if (parameter(request, "fields").empty())
      return refused(400, "required", "The 'fields' parameter is required for this method.");
    return ok(json::object{{"user", {{"emailAddress", kEmail}}}});
  }
  if (part(0) != "files") return not_found();
  if (parts.size() == 1 && method == "GET") return list(request);
  if (parts.size() == 1 && method == "POST") {
    const auto made = make_file(object_body(request).value_or(json::object()), "", true);
    return ok(with_fields(made, parameter(request, "fields")));
  }
  if (part(1) == "generateIds") {
    json::array ids;
    for (std::size_t at = 0; at < size_parameter(request, "count", 10, 1000); ++at)
      ids.emplace_back("1" + account_.context().new_id("", 32));
    return ok(json::object{{"space", "drive"}, {"ids", std::move(ids)}});
  }
  if (parts.size() == 3 && part(2) == "permissions") return share(request, part(1));
  if (parts.size() == 3 && part(2) == "export") {
    if (account_.find("files", part(1)) == nullptr) return not_found();
    auto response = http::Response::text(200, "%PDF-1.4 sandbox");
    response.content_type = parameter(request, "mimeType");
    return response;
  }
  return parts.size() == 2 ? one(request, part(1)) : not_found();
}

}  // namespace patchbay::sandbox::google
