// Lists: newest first, the next page by a token that only its own address carries.
#include "tests/sandbox/twilio/routes.hpp"

#include <patchbay/sdk/encoding.hpp>

#include <charconv>

namespace patchbay::sandbox::twilio {
namespace {

constexpr std::int64_t kDayMilliseconds = 86'400'000;
constexpr std::int64_t kPageMax = 1'000;
constexpr std::int64_t kPageDefault = 50;

std::int64_t number_of(const std::string& text, std::int64_t fallback) {
  std::int64_t number = fallback;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), number);
  return code == std::errc() && end == text.data() + text.size() ? number : fallback;
}

/// Filters by the day on which a message was sent; one that was not sent passes none of them.
struct Filter {
  std::string to, from;
  std::optional<std::int64_t> on, since, until;  // midnights

  bool matches(const json::object& message) const {
    if (!to.empty() && message.at("to") != json::string_view(to)) return false;
    if (!from.empty() && message.at("from") != json::string_view(from)) return false;
    if (!on && !since && !until) return true;
    const auto* sent = message.if_contains("_sent_ms");
    if (sent == nullptr || !sent->is_int64()) return false;
    const auto at = sent->get_int64();
    return (!on || (at >= *on && at < *on + kDayMilliseconds)) && (!since || at >= *since) && (!until || at <= *until);
  }
};

std::optional<ApiError> read_day(const Request& request, std::string_view name, std::optional<std::int64_t>& day) {
  const auto text = request.param(name);
  if (text.empty()) return std::nullopt;
  const auto time = sdk::parse_time(text);
  if (!time.ok()) return ApiError{400, 20001, std::string(name) + " is not a date."};
  day = std::chrono::duration_cast<std::chrono::milliseconds>(time->time_since_epoch()).count();
  return std::nullopt;
}

struct Page {
  std::vector<const Record*> records;
  bool more = false;
};

/// From the record behind `after` to older ones.
Page walk(const Table::Order& order, const Filter& filter, std::size_t end, std::size_t size) {
  Page page;
  for (auto i = end; i > 0 && !page.more; --i) {
    const auto* record = order[i - 1];
    if (!filter.matches(record->value)) continue;
    page.more = page.records.size() == size;
    if (!page.more) page.records.push_back(record);
  }
  return page;
}

/// The address of a page: filters and size as they were asked for.
std::string page_uri(const Request& request, const std::string& path, std::int64_t page, std::int64_t size,
                     const std::string& token) {
  Fields query;
  for (const char* name : {"To", "From", "DateSent", "DateSent<", "DateSent>"}) {
    if (const auto value = request.param(name); !value.empty()) query.emplace_back(name, value);
  }
  query.emplace_back("PageSize", std::to_string(size));
  query.emplace_back("Page", std::to_string(page));
  if (!token.empty()) query.emplace_back("PageToken", token);
  return request.account.account_uri() + path + "?" + sdk::form_encode(query);
}

struct Envelope {
  std::string name, path;
  std::int64_t page = 0, size = 0;
  std::string token;  // of the next page; empty: this is the last
};

json::object envelope(const Request& request, const Envelope& about, json::array records) {
  const auto count = static_cast<std::int64_t>(records.size());
  json::object out{{"page", about.page},
                   {"page_size", about.size},
                   {"start", about.page * about.size},
                   {"end", about.page * about.size + std::max<std::int64_t>(count - 1, 0)},
                   {"uri", page_uri(request, about.path, about.page, about.size, request.param("PageToken"))},
                   {"first_page_uri", page_uri(request, about.path, 0, about.size, "")},
                   {"previous_page_uri", nullptr},
                   {"next_page_uri", nullptr}};
  if (!about.token.empty())
    out["next_page_uri"] = page_uri(request, about.path, about.page + 1, about.size, about.token);
  out[about.name] = std::move(records);
  return out;
}

}  // namespace

Reply list_messages(Request& request) {
  Filter filter{request.param("To"), request.param("From"), {}, {}, {}};
  if (const auto error = read_day(request, "DateSent", filter.on)) return refuse(*error);
  if (const auto error = read_day(request, "DateSent>", filter.since)) return refuse(*error);
  if (const auto error = read_day(request, "DateSent<", filter.until)) return refuse(*error);
  Envelope about{"messages", "/Messages.json", number_of(request.param("Page"), 0), 0, ""};
  about.size = std::clamp<std::int64_t>(number_of(request.param("PageSize"), kPageDefault), 1, kPageMax);
  const auto& table = request.account.messages();
  const auto& order = filter.to.empty() ? table.by_created() : table.where("to", filter.to);
  auto end = order.size();
  const auto token = request.param("PageToken");
  if (about.page > 0 || !token.empty()) {
    const auto* after = token.starts_with("PA") ? table.find(token.substr(2)) : nullptr;
    if (after == nullptr) return refuse({400, 20001, "Invalid PageToken."});
    end = Table::position(order, *after);
  }
  const auto page = walk(order, filter, end, static_cast<std::size_t>(about.size));
  json::array records;
  for (const auto* record : page.records) records.push_back(Account::shown(record->value));
  if (page.more) about.token = "PA" + page.records.back()->id;
  return reply(envelope(request, about, std::move(records)));
}

Reply list_media(Request& request) {
  if (request.account.find(request.message_sid) == nullptr) return refuse(not_found(request));
  json::array records;
  for (const auto* file : request.account.media().where("parent_sid", request.message_sid))
    records.push_back(file->value);
  return reply(envelope(request,
                        {"media_list", "/Messages/" + request.message_sid + "/Media.json", 0, kPageDefault, ""},
                        std::move(records)));
}

}  // namespace patchbay::sandbox::twilio
