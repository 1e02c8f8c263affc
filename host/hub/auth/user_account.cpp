#include "hub/auth/user_account.hpp"

#include "engine/policy/policy.hpp"
#include "platform/base/digest.hpp"
#include "platform/base/ids.hpp"

#include <patchbay/sdk/encoding.hpp>

#include <algorithm>

namespace patchbay::auth {
namespace {

constexpr std::size_t kUsernameMax = 50;
constexpr std::size_t kNameMax = 100;
constexpr std::size_t kEmailMax = 255;

/// What a mail server would surely refuse is refused; the rest only a message can prove.
bool looks_like_email(std::string_view text) {
  const std::size_t at = text.find('@');
  if (at == std::string_view::npos || at == 0 || at + 1 == text.size() ||
      text.find('@', at + 1) != std::string_view::npos) {
    return false;
  }
  const bool clean = std::all_of(text.begin(), text.end(), [](char c) {
    return static_cast<unsigned char>(c) > ' ' && c != 0x7F && c != '<' && c != '>' && c != ',' && c != ';';
  });
  const std::string_view domain = text.substr(at + 1);
  return clean && text.size() <= kEmailMax && !domain.starts_with('.') && !domain.ends_with('.') &&
         sdk::is_clean_utf8(text);
}

bool is_username(std::string_view text) {
  return text.size() >= 2 && text.size() <= kUsernameMax && std::all_of(text.begin(), text.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '_' ||
                  c == '-';
         });
}

UserRequest completed(UserRequest request) {
  if (request.username.empty()) request.username = username_from(request.email.substr(0, request.email.find('@')));
  if (request.name.empty()) request.name = request.username;
  request.role = policy::Policy::canonical_role(request.role).value_or(request.role);
  return request;
}

bool is_customer(std::string_view role) {
  return role == "customer_admin" || role == "customer_user";
}

std::string generated_password() {
  // Random, and with one of each kind that the rule asks for.
  return base::random_token(15) + "Aa1!";
}

sdk::Result<User> written(storage::Database& database, const std::string& id) {
  PATCHBAY_ASSIGN(auto user, UserStore(database).find_by_id(id));
  if (!user) return sdk::permanent_error("internal.user_lost", "The new user was not found again.");
  return std::move(*user);
}

}  // namespace

std::string username_from(std::string_view text) {
  std::string name;
  for (const char character : text.substr(0, 200)) {
    const char lower = character >= 'A' && character <= 'Z' ? static_cast<char>(character - 'A' + 'a') : character;
    const bool kept = (lower >= 'a' && lower <= 'z') || (lower >= '0' && lower <= '9');
    if (kept) name += lower;
    if (!kept && !name.empty() && name.back() != '.') name += '.';
  }
  name.resize(std::min(name.size(), kUsernameMax));
  while (name.ends_with('.')) name.pop_back();
  return name.size() >= 2 ? name : "user" + name;
}

std::vector<sdk::Error> check_user(const UserRequest& given) {
  const UserRequest request = completed(given);
  std::vector<sdk::Error> errors;
  const auto add = [&](std::string field, std::string message) {
    errors.push_back(sdk::invalid_error("auth.invalid_user", std::move(message), std::move(field)));
  };
  if (!looks_like_email(request.email)) add("email", "This is not an e-mail address.");
  if (!is_username(request.username))
    add("username", "A username has 2 to 50 letters, digits, dots, dashes or underscores.");
  if (request.name.size() > kNameMax || !sdk::is_clean_utf8(request.name))
    add("name", "A name has at most 100 characters.");
  if (request.phone.size() > kUsernameMax || !sdk::is_clean_utf8(request.phone))
    add("phone", "A phone number has at most 50 characters.");
  if (!policy::Policy::canonical_role(request.role)) add("role", "There is no such role.");
  if (is_customer(request.role) && !base::is_uuid(request.client_id))
    add("clientId", "A customer's user belongs to a client.");
  if (!is_customer(request.role) && !request.client_id.empty())
    add("clientId", "Only a customer's user belongs to a client.");
  if (auto rule = check_password_rule(request.password); !rule.ok()) errors.push_back(rule.error());
  return errors;
}

sdk::Result<User> create_user(storage::Database& database, const PasswordHasher& hasher, const sdk::Clock& clock,
                              const UserRequest& given) {
  if (auto errors = check_user(given); !errors.empty()) return std::move(errors.front());
  const UserRequest request = completed(given);
  PATCHBAY_ASSIGN(const std::string hash, hasher.hash(request.password));
  const NewUser user{request.username, request.email,     request.name, request.phone,
                     request.role,     request.client_id, hash,         request.must_change_password};
  std::string id;
  PATCHBAY_TRY(database.transaction(storage::Lane::kInteractive, [&](storage::Session& session) -> sdk::Result<void> {
    PATCHBAY_ASSIGN(id, UserStore(database).create(session, user, clock.now()));
    return {};
  }));
  return written(database, id);
}

sdk::Result<std::optional<FirstAdmin>> create_first_admin(storage::Database& database, const PasswordHasher& hasher,
                                                          const sdk::Clock& clock, const std::string& email,
                                                          const std::string& password) {
  PATCHBAY_ASSIGN(const bool any, UserStore(database).any());
  if (any) return std::optional<FirstAdmin>();
  const bool generated = password.empty();
  UserRequest request;
  request.email = email;
  request.username = "admin";
  request.name = "Administrator";
  request.role = "admin";
  request.password = generated ? generated_password() : password;
  if (auto errors = check_user(request); !errors.empty()) return std::move(errors.front());
  PATCHBAY_ASSIGN(const std::string hash, hasher.hash(request.password));
  const NewUser user{request.username, request.email, request.name, "", "admin", "", hash, generated};
  std::string id;
  PATCHBAY_TRY(database.transaction(storage::Lane::kInteractive, [&](storage::Session& session) -> sdk::Result<void> {
    id.clear();
    // Several hosts may start at once on an empty database.
    PATCHBAY_TRY(
        session.execute("select pg_advisory_xact_lock($1)", {std::to_string(base::lock_hash("auth.first_admin"))}));
    PATCHBAY_ASSIGN(const auto rows, session.execute("select exists (select 1 from users) as any_user"));
    if (rows.boolean(0, "any_user")) return {};
    PATCHBAY_ASSIGN(id, UserStore(database).create(session, user, clock.now()));
    return {};
  }));
  if (id.empty()) return std::optional<FirstAdmin>();
  PATCHBAY_ASSIGN(User admin, written(database, id));
  return std::optional<FirstAdmin>(
      FirstAdmin{std::move(admin), generated ? std::optional<std::string>(request.password) : std::nullopt});
}

}  // namespace patchbay::auth
