#include "tests/support/hub_api.hpp"

#include "tests/support/hub_process.hpp"
#include "tests/support/wait.hpp"

#include <stdexcept>

namespace patchbay::testing {
namespace {

constexpr std::chrono::milliseconds kPollPause{50};

[[noreturn]] void refuse(const std::string& call, const HttpAnswer& answer) {
  throw std::runtime_error(call + " was answered " + answer.text());
}

}  // namespace

void HubApi::sign_in() {
  sign_in(HubProcess::kAdminEmail, HubProcess::kAdminPassword);
}

void HubApi::sign_in(const std::string& email, const std::string& password) {
  const auto answer = send_json("POST", "/auth/login", {{"email", email}, {"password", password}});
  token_ = answer.at("data.token");
  if (answer.status != 200 || token_.empty()) refuse("POST /auth/login", answer);
}

HttpAnswer HubApi::send(const std::string& method, const std::string& path, const std::string& body,
                        sdk::Headers headers) const {
  if (!token_.empty()) headers.emplace_back("Authorization", "Bearer " + token_);
  return send_http(port_, {method, "/api/v1" + path, std::move(headers), body});
}

HttpAnswer HubApi::send_json(const std::string& method, const std::string& path, const sdk::json::value& body,
                             sdk::Headers headers) const {
  headers.emplace_back("Content-Type", "application/json");
  return send(method, path, sdk::json::serialize(body), std::move(headers));
}

sdk::json::value HubApi::get(const std::string& path) const {
  const auto answer = send("GET", path);
  if (answer.status != 200) refuse("GET " + path, answer);
  return answer.json().at("data");
}

sdk::json::value HubApi::post(const std::string& path, const sdk::json::value& body) const {
  const auto answer = send_json("POST", path, body);
  if (answer.status / 100 != 2) refuse("POST " + path, answer);
  return answer.json().at("data");
}

std::vector<sdk::json::value> HubApi::list(const std::string& path) const {
  std::vector<sdk::json::value> rows;
  const std::string separator = path.find('?') == std::string::npos ? "?" : "&";
  std::string cursor;
  do {
    const std::string target = path + separator + "pageSize=200&count=none&cursor=" + sdk::url_encode(cursor);
    const auto answer = send("GET", target);
    if (answer.status != 200) refuse("GET " + target, answer);
    auto body = answer.json();
    for (auto& row : body.at("data").as_array()) rows.push_back(std::move(row));
    cursor = sdk::string_at(body, "pagination.nextCursor");
  } while (!cursor.empty());
  return rows;
}

std::int64_t HubApi::exact_count(const std::string& path) const {
  const std::string target = path + (path.find('?') == std::string::npos ? "?" : "&") + "pageSize=1&count=exact";
  const auto answer = send("GET", target);
  if (answer.status != 200) refuse("GET " + target, answer);
  return answer.json().at("pagination").at("totalCount").to_number<std::int64_t>();
}

std::string HubApi::connect(const sdk::json::object& connection) const {
  const auto made = post("/connections", connection);
  if (sdk::string_at(made, "state") != "connected")
    throw std::runtime_error("a new connection is not connected: " + sdk::json::serialize(made));
  return sdk::string_at(made, "id");
}

std::string HubApi::start_sync(const std::string& connection_id, const std::string& mode) const {
  return sdk::string_at(post("/connections/" + connection_id + "/sync", {{"mode", mode}}), "runId");
}

sdk::json::value HubApi::wait_for_run(const std::string& run_id, std::chrono::milliseconds limit) const {
  sdk::json::value run;
  const bool over = wait_until(
      [&] {
        const auto answer = send("GET", "/sync/runs/" + run_id);
        if (answer.status != 200) return false;
        run = answer.json().at("data");
        const auto state = sdk::string_at(run, "state");
        return state != "queued" && state != "running";
      },
      limit, kPollPause);
  if (!over) throw std::runtime_error("a sync run does not end in time: " + sdk::json::serialize(run));
  return run;
}

sdk::json::value HubApi::sync(const std::string& connection_id, const std::string& mode,
                              std::chrono::milliseconds limit) const {
  const auto run = wait_for_run(start_sync(connection_id, mode), limit);
  if (sdk::string_at(run, "state") != "succeeded")
    throw std::runtime_error("a sync run did not succeed: " + sdk::json::serialize(run));
  return run;
}

}  // namespace patchbay::testing
