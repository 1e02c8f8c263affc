#include "engine/resources/route_support.hpp"

#include "platform/base/digest.hpp"

#include <patchbay/sdk/encoding.hpp>

#include <algorithm>
#include <charconv>

namespace patchbay::resources {
namespace {

/// The version of `"<version>"` or `"<version>-<hash>"`; nullopt for a tag that this hub never gave out.
std::optional<std::int64_t> version_of_tag(std::string_view tag) {
  if (tag.size() < 3 || tag.front() != '"' || tag.back() != '"') return std::nullopt;
  tag = tag.substr(1, tag.size() - 2);
  tag = tag.substr(0, tag.find('-'));
  std::int64_t version = 0;
  const auto [end, error] = std::from_chars(tag.data(), tag.data() + tag.size(), version);
  if (error != std::errc() || end != tag.data() + tag.size()) return std::nullopt;
  return version;
}

std::string_view trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

/// The caller's view of what he has just written; a row that has left his view is shown as it was written.
ReadRow view_after(const RouteParts& parts, const policy::Principal& principal, const ResourceDescription& description,
                   const WriteOutcome& outcome) {
  ReadRow view;
  const auto channel = std::make_shared<DatabaseChannel>(parts.database);
  parts.reader.get(channel, description, principal, outcome.entity_id, [&](sdk::Result<ReadRow> row) {
    if (row.ok()) view = std::move(row).value();
  });
  if (!view.json.empty()) return view;
  sdk::json::object row = outcome.row;
  parts.reader.views().of(description, principal.role).hide(row);
  return {sdk::json::serialize(row), std::to_string(outcome.version)};
}

}  // namespace

std::string etag_of(const ReadRow& row) {
  return '"' + row.version + '-' + sdk::hex_encode(base::sha256(row.json)).substr(0, 16) + '"';
}

Actor actor_of(const policy::Principal& principal) {
  Actor actor;
  actor.kind = Actor::Kind::kUser;
  actor.id = principal.user_id;
  actor.principal = principal;
  return actor;
}

void run_read(const RouteParts& parts, const gateway::RequestContext& context, const gateway::Reply& reply, bool cheap,
              std::function<void(std::shared_ptr<ReadChannel>)> read) {
  if (cheap) {
    storage::PgPipeline* pipeline = parts.pipelines.pipeline(context.request.io_thread);
    if (pipeline != nullptr && pipeline->connected()) return read(std::make_shared<PipelineChannel>(*pipeline));
  }
  storage::Database& database = parts.database;
  const bool taken = parts.read_pool.try_submit(
      [&database, read = std::move(read)] { read(std::make_shared<DatabaseChannel>(database)); });
  if (!taken) reply(sdk::transient_error("resources.busy", "Too many reads are under way; try again."));
}

sdk::Result<http::Response> answer_write(const RouteParts& parts, const gateway::RequestContext& context,
                                         const ResourceDescription& description, int status, const Write& write) {
  WriteOutcome outcome;
  std::vector<sdk::Error> field_errors;
  const auto done = parts.database.transaction(storage::Lane::kInteractive, [&](storage::Session& session) {
    field_errors.clear();
    auto result = write(session, field_errors);
    if (!result.ok()) return sdk::Result<void>(std::move(result).error());
    outcome = std::move(result).value();
    return sdk::Result<void>();
  });
  if (!done.ok()) {
    if (field_errors.empty()) return done.error();
    return gateway::problem_response(done.error(), context.request.request_id, field_errors);
  }
  parts.wake.wake();
  const ReadRow view = view_after(parts, context.principal, description, outcome);
  auto response = http::Response::json(status, envelope(view.json));
  response.set_header("ETag", etag_of(view));
  if (status == 201) response.set_header("Location", "/api/v1/" + description.path + "/" + outcome.entity_id);
  return response;
}

IfMatch if_match(const http::Request& request) {
  std::string fields;
  bool given = false;
  for (const auto& [name, value] : request.headers) {
    if (!sdk::equals_ignoring_case(name, "If-Match")) continue;
    fields += (given ? "," : "") + value;
    given = true;
  }
  if (!given) return std::nullopt;
  std::vector<std::int64_t> versions;
  for (std::size_t begin = 0; begin <= fields.size();) {
    const std::size_t end = std::min(fields.find(',', begin), fields.size());
    const std::string_view tag = trimmed(std::string_view(fields).substr(begin, end - begin));
    begin = end + 1;
    if (tag == "*") return std::nullopt;
    if (const auto version = version_of_tag(tag)) versions.push_back(*version);
  }
  return versions;
}

std::string envelope(std::string_view json, std::string_view more_members) {
  std::string body;
  body.reserve(json.size() + more_members.size() + 64);
  body += "{\"data\":";
  body += json;
  body += more_members;
  body += ",\"timestamp\":\"";
  body += sdk::format_time(std::chrono::system_clock::now());
  body += "\"}";
  return body;
}

http::Response page_response(const ListQuery& query, const ReadPage& page) {
  std::string pagination = ",\"pagination\":{";
  if (!query.by_cursor) pagination += "\"page\":" + std::to_string(query.page) + ",";
  pagination += "\"pageSize\":" + std::to_string(query.page_size);
  if (page.total) {
    const std::uint64_t pages = (page.total->count + query.page_size - 1) / query.page_size;
    if (!query.by_cursor) pagination += ",\"totalPages\":" + std::to_string(pages);
    pagination += ",\"totalCount\":" + std::to_string(page.total->count);
    if (page.total->is_estimate) pagination += ",\"totalIsEstimate\":true";
  }
  pagination += ",\"nextCursor\":";
  pagination += page.next_cursor.empty() ? "null" : '"' + page.next_cursor + '"';
  pagination += '}';
  return http::Response::json(200, envelope(page.json, pagination));
}

http::Response query_problem(const gateway::RequestContext& context, const std::vector<sdk::Error>& errors) {
  const sdk::Error error =
      errors.size() == 1
          ? errors.front()
          : sdk::invalid_error("query.invalid", std::to_string(errors.size()) + " parameters are wrong.");
  return gateway::problem_response(error, context.request.request_id, errors);
}

}  // namespace patchbay::resources
