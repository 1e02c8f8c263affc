#include "business/commands/commands.hpp"

#include "platform/base/log.hpp"

#include <patchbay/sdk/http.hpp>

#include <algorithm>

namespace patchbay::commands {
namespace {

constexpr std::size_t kTextMax = 200;

sdk::CommandReply help(bool ok = true) {
  return {ok,
          "What you can ask",
          {"jobs today - the jobs of the day", "client NAME - who that is and how to reach them",
           "invoice NUMBER - what it is about and what is open", "help - this"}};
}

sdk::CommandReply unknown_asker() {
  return {
      false,
      "I do not know you",
      {"There is no user of Patchbay with the e-mail address that you have here. Ask your administrator to make one; "
       "until then only `help` works."}};
}

/// Words with one blank between them, the first in lower case.
struct Words {
  std::string verb, rest;
};

Words split(const std::string& text) {
  std::string clean;
  for (const char character : text) {
    const bool blank = character == ' ' || character == '\t' || character == '\n' || character == '\r';
    if (!blank) clean += character;
    if (blank && !clean.empty() && clean.back() != ' ') clean += ' ';
  }
  while (!clean.empty() && clean.back() == ' ') clean.pop_back();
  const auto end = std::min(clean.find(' '), clean.size());
  Words words{clean.substr(0, end), clean.substr(std::min(end + 1, clean.size()))};
  std::transform(words.verb.begin(), words.verb.end(), words.verb.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  return words;
}

bool is_today(std::string rest) {
  std::transform(rest.begin(), rest.end(), rest.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  return rest.empty() || rest == "today";
}

policy::Principal principal_of(const auth::User& user) {
  policy::Principal principal;
  principal.kind = policy::Principal::Kind::kUser;
  principal.user_id = user.id;
  principal.role = user.role;
  principal.client_id = user.client_id;
  principal.username = user.username;
  principal.email = user.email;
  return principal;
}

}  // namespace

sdk::Result<sdk::CommandReply> Commands::run(const sdk::CallContext& context, const std::string& connection_id,
                                             const sdk::WebhookCommand& command) const {
  if (command.text.size() > kTextMax) return help(false);
  const Words words = split(command.text);
  if (words.verb.empty() || words.verb == "help") return help();
  const bool jobs = words.verb == "jobs" && is_today(words.rest);
  const bool about = (words.verb == "client" || words.verb == "invoice") && !words.rest.empty();
  if (!jobs && !about) return help(false);

  const auto asker = askers_.find(context, connection_id, command.user_id);
  if (!asker.ok() && asker.error().error_class != sdk::ErrorClass::kNotFound) return asker.error();
  if (!asker.ok() || asker->email.find('@') == std::string::npos) return unknown_asker();
  PATCHBAY_ASSIGN(const auto user, users_.find_by_login(asker->email));
  const bool same = user && sdk::equals_ignoring_case(user->email, asker->email);  // and not his username
  if (!same || !user->active() || user->must_change_password) return unknown_asker();
  PATCHBAY_TRY(context.check());
  const policy::Principal principal = principal_of(*user);
  base::log_info("commands", "a command was run", {{"user", user->id}, {"verb", words.verb}});
  if (jobs) return lookup_.jobs_today(principal, clock_.now(), asker->utc_offset);
  return words.verb == "client" ? lookup_.clients(principal, words.rest) : lookup_.invoices(principal, words.rest);
}

}  // namespace patchbay::commands
