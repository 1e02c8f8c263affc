#include "tests/sandbox/jobber/mutations.hpp"
#include "tests/sandbox/jobber/records.hpp"

#include <algorithm>
#include <array>

namespace patchbay::sandbox::jobber {
namespace {

const json::array& list_of(const json::object& input, std::string_view member) {
  static const json::array kNone;
  const auto* value = input.if_contains(member);
  return value != nullptr && value->is_array() ? value->get_array() : kNone;
}

bool looks_like_email(std::string_view text) {
  const auto at = text.find('@');
  return at != std::string_view::npos && at > 0 && text.find('.', at) != std::string_view::npos &&
         text.find(' ') == std::string_view::npos;
}

void set_address(json::object& client, const json::object& input) {
  const auto* given = input.if_contains("billingAddress");
  if (given == nullptr) return;
  if (!given->is_object()) {
    client["billingAddress"] = nullptr;
    return;
  }
  if (!client["billingAddress"].is_object()) client["billingAddress"] = make_address(Address{});
  auto& address = client["billingAddress"].get_object();
  for (const auto& part : given->get_object())
    address[part.key()] = part.value().is_null() ? json::value("") : part.value();
  address["street"] = address["street1"];
}

/// One primary at most: a new primary takes the place of the old one, the first is primary where none is.
void settle_primary(json::array& entries, const json::value* newest) {
  bool any = false;
  for (auto& entry : entries) {
    auto& primary = entry.get_object()["primary"];
    if (newest != nullptr && entry.at("id") != *newest) primary = false;
    any = any || primary == true;
  }
  if (!any && !entries.empty()) entries.front().get_object()["primary"] = true;
}

/// What differs between e-mails and phones.
struct ContactList {
  std::string_view list, text, type, add, edit, erase;
};
constexpr ContactList kEmails{"emails", "address", "Email", "emailsToAdd", "emailsToEdit", "emailsToDelete"};
constexpr ContactList kPhones{"phones", "number", "ClientPhoneNumber", "phonesToAdd", "phonesToEdit", "phonesToDelete"};

void add_contacts(const Books& books, json::object& client, const ContactList& kind, const json::array& entries) {
  auto& list = client[kind.list].as_array();
  for (const auto& entry : entries) {
    const auto text = sdk::string_at(entry, kind.text);
    if (text.empty()) continue;
    const auto id = books.new_id(kind.type);
    auto made = kind.list == "emails" ? make_email(id, text, false) : make_phone(id, text, false);
    for (const auto* member : {"description", "primary", "smsAllowed"}) {
      const auto* value = entry.get_object().if_contains(member);
      if (value != nullptr && !value->is_null()) made[member] = *value;
    }
    const bool primary = made["primary"] == true;
    list.push_back(std::move(made));
    const json::value newest(id);
    settle_primary(list, primary ? &newest : nullptr);
  }
}

std::optional<json::object> check_emails(const json::array& entries, std::string_view path) {
  for (std::size_t i = 0; i < entries.size(); ++i) {
    const auto address = sdk::string_at(entries[i], "address");
    if (!address.empty() && !looks_like_email(address)) {
      return user_error("Email address is invalid", std::string(path) + "." + std::to_string(i) + ".address");
    }
  }
  return std::nullopt;
}

void edit_contacts(const Books& books, json::object& client, const ContactList& kind, const json::object& input) {
  auto& list = client[kind.list].as_array();
  for (const auto& id : list_of(input, kind.erase)) {
    list.erase(std::remove_if(list.begin(), list.end(), [&](const json::value& entry) { return entry.at("id") == id; }),
               list.end());
  }
  for (const auto& change : list_of(input, kind.edit)) {
    for (auto& entry : list) {
      if (entry.at("id") != change.at("id")) continue;
      for (const auto& member : change.get_object()) {
        if (!member.value().is_null()) entry.get_object()[member.key()] = member.value();
      }
      if (entry.at("primary") == true) settle_primary(list, &change.at("id"));
    }
  }
  add_contacts(books, client, kind, list_of(input, kind.add));
  settle_primary(list, nullptr);
}

void set_names(json::object& client, const json::object& input) {
  copy_given(client, input, {"title", "companyName", "isCompany"});
  for (const auto* member : {"firstName", "lastName"}) {
    if (const auto* value = input.if_contains(member)) client[member] = value->is_null() ? json::value("") : *value;
  }
  if (client["isCompany"].is_null()) client["isCompany"] = false;
}

json::object create_client(Books& books, const json::object& arguments) {
  const auto& input = arguments.at("input").as_object();
  if (sdk::string_at(input, "firstName").empty() && sdk::string_at(input, "lastName").empty() &&
      sdk::string_at(input, "companyName").empty()) {
    return user_error("A client must have a first name, a last name or a company name", "input.firstName");
  }
  if (auto error = check_emails(list_of(input, "emails"), "input.emails")) return std::move(*error);
  auto client = make_client(books.new_id("Client"));
  set_names(client, input);
  set_address(client, input);
  add_contacts(books, client, kEmails, list_of(input, "emails"));
  add_contacts(books, client, kPhones, list_of(input, "phones"));
  refresh_client(client);
  const auto id = client.at("id");
  const auto address = client.at("billingAddress");
  books.add("clients", std::move(client));
  if (address.is_object()) {
    books.add("properties",
              make_property(books.new_id("Property"), std::string_view(id.as_string()), address.get_object()));
  }
  return payload("_client", id);
}

json::object edit_client(Books& books, const json::object& arguments) {
  const auto id = sdk::string_at(arguments, "clientId");
  const auto* record = books.find("clients", id);
  if (record == nullptr) return user_error("Client not found", "clientId");
  const auto& input = arguments.at("input").as_object();
  for (const auto* list : {"emailsToAdd", "emailsToEdit"}) {
    if (auto error = check_emails(list_of(input, list), "input." + std::string(list))) return std::move(*error);
  }
  auto client = record->value;
  set_names(client, input);
  set_address(client, input);
  edit_contacts(books, client, kEmails, input);
  edit_contacts(books, client, kPhones, input);
  auto& tags = client["_tags"].as_array();
  for (const auto& tag : list_of(input, "tagsToAdd")) tags.push_back(tag);
  for (const auto& tag : list_of(input, "tagsToDelete"))
    tags.erase(std::remove(tags.begin(), tags.end(), tag), tags.end());
  refresh_client(client);
  books.update("clients", std::move(client));
  return payload("_client", json::value(id));
}

json::object set_archived(Books& books, const json::object& arguments, bool archived) {
  const auto id = sdk::string_at(arguments, "clientId");
  const auto* record = books.find("clients", id);
  if (record == nullptr) return user_error("Client not found", "clientId");
  auto client = record->value;
  client["isArchived"] = archived;
  client["isArchivable"] = !archived;
  books.update("clients", std::move(client));
  return payload("_client", json::value(id));
}

json::object archive_client(Books& books, const json::object& arguments) {
  return set_archived(books, arguments, true);
}
json::object unarchive_client(Books& books, const json::object& arguments) {
  return set_archived(books, arguments, false);
}

json::object create_properties(Books& books, const json::object& arguments) {
  const auto client = sdk::string_at(arguments, "clientId");
  if (books.find("clients", client) == nullptr) return user_error("Client not found", "clientId");
  json::array made;
  for (const auto& attributes : list_of(arguments.at("input").as_object(), "properties")) {
    auto address = make_address(Address{});
    for (const auto& part : attributes.at("address").as_object()) {
      if (!part.value().is_null()) address[part.key()] = part.value();
    }
    address["street"] = address["street1"];
    auto property = make_property(books.new_id("Property"), client, address);
    copy_given(property, attributes.get_object(), {"name"});
    made.push_back(books.add("properties", std::move(property)).at("id"));
  }
  return payload("_properties", std::move(made));
}

constexpr std::array<NamedMutation, 5> kMutations{{{"clientCreate", create_client},
                                                   {"clientEdit", edit_client},
                                                   {"clientArchive", archive_client},
                                                   {"clientUnarchive", unarchive_client},
                                                   {"propertyCreate", create_properties}}};

}  // namespace

std::span<const NamedMutation> client_mutations() {
  return kMutations;
}

}  // namespace patchbay::sandbox::jobber
