#include "tests/sandbox/people.hpp"

#include "tests/sandbox/random.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <cstdio>

namespace patchbay::sandbox {
namespace {

struct Spelling {
  std::string_view name, ascii;
};

constexpr std::array<Spelling, 48> kFirstNames{{
    {"Ada", "ada"},         {"Ben", "ben"},           {"Carla", "carla"},   {"Dmitri", "dmitri"},
    {"Elena", "elena"},     {"Frank", "frank"},       {"Grace", "grace"},   {"Hassan", "hassan"},
    {"Irene", "irene"},     {"José", "jose"},         {"Karen", "karen"},   {"Łukasz", "lukasz"},
    {"Maria", "maria"},     {"Nadia", "nadia"},       {"Omar", "omar"},     {"Priya", "priya"},
    {"Quentin", "quentin"}, {"Rosa", "rosa"},         {"Søren", "soren"},   {"Tamika", "tamika"},
    {"Ursula", "ursula"},   {"Victor", "victor"},     {"Wendy", "wendy"},   {"Xavier", "xavier"},
    {"Yuki", "yuki"},       {"Zoë", "zoe"},           {"Aaron", "aaron"},   {"Bianca", "bianca"},
    {"Caleb", "caleb"},     {"Deborah", "deborah"},   {"Ethan", "ethan"},   {"Fatima", "fatima"},
    {"George", "george"},   {"Heather", "heather"},   {"Ivan", "ivan"},     {"Janelle", "janelle"},
    {"Kenji", "kenji"},     {"Lorraine", "lorraine"}, {"Miguel", "miguel"}, {"Noor", "noor"},
    {"Olivia", "olivia"},   {"Patrick", "patrick"},   {"Renée", "renee"},   {"Samuel", "samuel"},
    {"Tessa", "tessa"},     {"Umar", "umar"},         {"Vera", "vera"},     {"Walter", "walter"},
}};

constexpr std::array<Spelling, 48> kLastNames{{
    {"Abbott", "abbott"},         {"Bergström", "bergstrom"}, {"Castillo", "castillo"},
    {"Dubois", "dubois"},         {"Evans", "evans"},         {"Fitzgerald", "fitzgerald"},
    {"García", "garcia"},         {"Huang", "huang"},         {"Ibrahim", "ibrahim"},
    {"Jankowski", "jankowski"},   {"Kaur", "kaur"},           {"Lindqvist", "lindqvist"},
    {"McAllister", "mcallister"}, {"Nguyen", "nguyen"},       {"O'Brien", "obrien"},
    {"Patel", "patel"},           {"Quinn", "quinn"},         {"Romero", "romero"},
    {"Schmidt", "schmidt"},       {"Tanaka", "tanaka"},       {"Ueda", "ueda"},
    {"Vasquez", "vasquez"},       {"Whitaker", "whitaker"},   {"Ximenez", "ximenez"},
    {"Young", "young"},           {"Zhang", "zhang"},         {"Atkinson", "atkinson"},
    {"Boateng", "boateng"},       {"Chowdhury", "chowdhury"}, {"Delgado", "delgado"},
    {"Eriksen", "eriksen"},       {"Fontaine", "fontaine"},   {"Goldberg", "goldberg"},
    {"Hernandez", "hernandez"},   {"Iverson", "iverson"},     {"Johansson", "johansson"},
    {"Kowalski", "kowalski"},     {"Laurent", "laurent"},     {"Mbeki", "mbeki"},
    {"Novak", "novak"},           {"Okafor", "okafor"},       {"Petrov", "petrov"},
    {"Reilly", "reilly"},         {"Sandoval", "sandoval"},   {"Thompson", "thompson"},
    {"Underwood", "underwood"},   {"Volkov", "volkov"},       {"Wójcik", "wojcik"},
}};

constexpr std::array<std::string_view, 12> kTrades{"Plumbing",    "Electric",    "Property Group", "Dental Care",
                                                   "Auto Repair", "Landscaping", "Bakery",         "Fitness",
                                                   "Law Office",  "Roofing",     "Veterinary",     "Realty"};
constexpr std::array<std::string_view, 6> kLegalForms{"LLC", "Inc.", "Co.", "& Sons", "Ltd.", "Partners"};
constexpr std::array<std::string_view, 20> kStreets{
    "Main St",    "Oak Ave",      "Maple Dr",    "Cedar Ln", "Lakeview Rd", "Hill St",    "2nd Ave",
    "Park Blvd",  "River Rd",     "Church St",   "Elm St",   "Sunset Blvd", "Garden Ct",  "Mill Rd",
    "Station St", "Franklin Ave", "Prairie Way", "Union St", "Birch Ln",    "Highland Dr"};

struct Town {
  std::string_view city, state, postal_prefix, area_code;
};
constexpr std::array<Town, 12> kTowns{{{"Flint", "MI", "485", "810"},
                                       {"Ann Arbor", "MI", "481", "734"},
                                       {"Toledo", "OH", "436", "419"},
                                       {"Columbus", "OH", "432", "614"},
                                       {"Austin", "TX", "787", "512"},
                                       {"Denver", "CO", "802", "303"},
                                       {"Portland", "OR", "972", "503"},
                                       {"Raleigh", "NC", "276", "919"},
                                       {"Tampa", "FL", "336", "813"},
                                       {"Boise", "ID", "837", "208"},
                                       {"Omaha", "NE", "681", "402"},
                                       {"Albany", "NY", "122", "518"}}};
constexpr std::array<std::string_view, 5> kMailHosts{"example.com", "example.org", "example.net", "mail.example.com",
                                                     "post.example.org"};

constexpr std::int64_t kDayMilliseconds = 86'400'000;
constexpr std::int64_t kOldestDays = 720;

/// Every person has two numbers of their own: 0..9999 behind one of 12 area codes and a free exchange.
std::string phone_number(std::size_t index) {
  const auto& town = kTowns[index % kTowns.size()];
  const auto rest = index / kTowns.size();
  std::array<char, 24> text{};
  std::snprintf(text.data(), text.size(), "+1%.3s%03u%04u", town.area_code.data(),
                static_cast<unsigned>(555 + rest / 10'000 % 400), static_cast<unsigned>(rest % 10'000));
  return text.data();
}

/// The first 60 of each 100 are known to both services.
void place(Person& person) {
  const auto percent = person.number * 37 % 100;  // 37 and 100 have no common divisor: every value once in a hundred
  person.in_stripe = percent < 80;
  person.in_jobber = percent < 60 || percent >= 80;
  if (percent >= 60) return;
  person.bond = percent < 27   ? Bond::kEmail
                : percent < 39 ? Bond::kEmailCase
                : percent < 51 ? Bond::kPhone
                : percent < 56 ? Bond::kNone
                : percent < 58 ? Bond::kAmbiguousEmail
                               : Bond::kAmbiguousPhone;
}

Person make_person(std::uint64_t seed, std::size_t number, std::int64_t epoch_ms) {
  auto random = derived_random(seed, "person", number);
  const auto& first = random.pick(kFirstNames);
  const auto& last = random.pick(kLastNames);
  Person person;
  person.number = number;
  person.first_name = first.name;
  person.last_name = last.name;
  if (random.chance(0.25)) {
    person.company =
        std::string(last.name) + " " + std::string(random.pick(kTrades)) + " " + std::string(random.pick(kLegalForms));
  }
  const auto mailbox = std::string(first.ascii) + "." + std::string(last.ascii) + std::to_string(number);
  person.email = mailbox + "@" + std::string(random.pick(kMailHosts));
  person.other_email = std::string(last.ascii) + std::to_string(number) + "@work.example.com";
  person.phone = phone_number(2 * number);
  person.other_phone = phone_number(2 * number + 1);
  const auto& town = random.pick(kTowns);
  person.address.street = std::to_string(random.between(1, 9899)) + " " + std::string(random.pick(kStreets));
  person.address.city = town.city;
  person.address.state = town.state;
  person.address.postal_code = std::string(town.postal_prefix) + std::to_string(random.between(10, 99));
  person.address.country = "US";
  const auto age_ms =
      static_cast<std::int64_t>(random.fraction() * static_cast<double>(kOldestDays * kDayMilliseconds));
  person.since_ms = (epoch_ms - age_ms) / 1000 * 1000;
  place(person);
  return person;
}

}  // namespace

std::vector<Person> make_people(std::uint64_t seed, std::size_t count, std::int64_t epoch_ms,
                                std::size_t first_number) {
  std::vector<Person> people;
  people.reserve(count);
  for (std::size_t i = 0; i < count; ++i) people.push_back(make_person(seed, first_number + i, epoch_ms));
  return people;
}

std::string national_spelling(std::string_view e164, std::uint64_t style) {
  if (!e164.starts_with("+1") || e164.size() != 12) return std::string(e164);
  const std::string area(e164.substr(2, 3)), exchange(e164.substr(5, 3)), line(e164.substr(8));
  switch (style % 4) {
    case 0:
      return "(" + area + ") " + exchange + "-" + line;
    case 1:
      return area + "-" + exchange + "-" + line;
    case 2:
      return area + "." + exchange + "." + line;
    default:
      return "+1 " + area + " " + exchange + " " + line;
  }
}

std::string mixed_case(std::string_view email) {
  std::string text(email);
  bool upper = true;
  for (auto& c : text) {
    if (upper) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
    upper = c == '.' || c == '@';
  }
  return text;
}

std::string phone_digits(std::string_view text) {
  std::string digits;
  std::copy_if(text.begin(), text.end(), std::back_inserter(digits), [](char c) { return c >= '0' && c <= '9'; });
  if (digits.size() == 10) return "+1" + digits;
  if (digits.size() < 7) return {};
  return "+" + digits;
}

}  // namespace patchbay::sandbox
