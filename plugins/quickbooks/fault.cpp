#include "fault.hpp"

#include <algorithm>
#include <charconv>

namespace patchbay::quickbooks {
namespace {

constexpr std::chrono::seconds kThrottleWait{60};  // "wait 60 seconds before retrying"
constexpr std::size_t kTextMax = 300;

std::string first_text(const sdk::json::value& value, std::initializer_list<const char*> names) {
  for (const char* name : names) {
    const auto* found = sdk::find_member(value, name);
    if (found == nullptr) continue;
    if (auto text = sdk::scalar_text(*found)) return *text;
  }
  return {};
}

std::string without_leading_zeros(std::string_view code) {
  const auto first = code.find_first_not_of('0');
  return std::string(first == std::string_view::npos ? "" : code.substr(first));
}

/// "message=ThrottleExceeded; errorCode=003001; statusCode=429": the gateway's texts name the code once more.
std::string code_in(std::string_view message) {
  constexpr std::string_view kLabel = "errorCode=";
  const auto at = message.find(kLabel);
  if (at == std::string_view::npos) return {};
  const auto digits = message.substr(at + kLabel.size());
  return std::string(digits.substr(0, digits.find_first_not_of("0123456789")));
}

void settle_code(Fault& fault) {
  if (fault.code.empty()) fault.code = code_in(fault.message);
  fault.code = without_leading_zeros(fault.code);
}

/// Text between `<name>` and `</name>`, whatever stands in front of it.
std::string xml_text(std::string_view xml, const std::string& name) {
  const auto open = xml.find("<" + name + ">");
  if (open == std::string_view::npos) return {};
  const auto begin = open + name.size() + 2;
  const auto end = xml.find("</" + name + ">", begin);
  return end == std::string_view::npos ? std::string() : std::string(xml.substr(begin, end - begin));
}

std::string xml_attribute(std::string_view tag, const std::string& name) {
  const auto label = " " + name + "=\"";
  const auto at = tag.find(label);
  if (at == std::string_view::npos) return {};
  const auto value = tag.substr(at + label.size());
  const auto end = value.find('"');
  return end == std::string_view::npos ? std::string() : std::string(value.substr(0, end));
}

std::string_view xml_tag(std::string_view xml, std::string_view opening) {
  const auto at = xml.find(opening);
  if (at == std::string_view::npos) return {};
  const auto rest = xml.substr(at);
  return rest.substr(0, rest.find('>'));
}

std::string shown(const Fault& fault) {
  std::string text = "QuickBooks: " + (fault.message.empty() ? "error " + fault.code : fault.message);
  if (!fault.detail.empty() && fault.detail != fault.message) text += ": " + fault.detail;
  if (text.size() <= kTextMax) return text;
  text.resize(kTextMax);
  while (!text.empty() && !sdk::is_utf8(text)) text.pop_back();
  return text;
}

int number_of(const std::string& code) {
  int number = -1;
  const auto [end, failure] = std::from_chars(code.data(), code.data() + code.size(), number);
  return failure == std::errc() && end == code.data() + code.size() ? number : -1;
}

sdk::Error invalid(std::string code, const Fault& fault) {
  return sdk::invalid_error(std::move(code), shown(fault),
                            fault.element.empty() ? std::nullopt : std::optional<std::string>(fault.element));
}

/// Codes with a meaning of their own.
std::optional<sdk::Error> error_of_code(const Fault& fault, int status) {
  switch (number_of(fault.code)) {
    case 3001:
      return sdk::rate_limited_error(kThrottled, "QuickBooks asks to wait", kThrottleWait);
    case 3200:
      return sdk::auth_error(kRefusedToken, shown(fault));
    case 3100:
      return sdk::auth_error("quickbooks.forbidden",
                             shown(fault) +
                                 "; the app has no access to this company, or its keys are of the other "
                                 "environment (development keys open sandbox companies only)");
    case 120:
      // Reported once as a passing trouble of the service, then with 500.
      if (status >= 500) return sdk::transient_error("quickbooks.unavailable", shown(fault));
      return sdk::auth_error("quickbooks.no_access", shown(fault));
    case 610:
      return sdk::not_found_error("quickbooks.not_found", shown(fault));
    case 5010:
      return sdk::conflict_error("quickbooks.stale", shown(fault));
    case 6190:
      return sdk::permanent_error("quickbooks.subscription_ended", shown(fault));
    case 6210:
      return invalid(kDuplicateNumber, fault);
    case 6240:
      return invalid(kDuplicateName, fault);
    default:
      return std::nullopt;
  }
}

std::chrono::milliseconds asked_wait(const sdk::Headers& headers) {
  const auto header = sdk::find_header(headers, "Retry-After");
  const int seconds = header && header->size() <= 4 ? number_of(*header) : -1;
  return seconds > 0 ? std::chrono::seconds(seconds) : kThrottleWait;
}

}  // namespace

std::optional<Fault> find_fault(const sdk::json::value& body) {
  const auto* fault = sdk::find_member(body, "Fault");
  if (fault == nullptr) fault = sdk::find_member(body, "fault");
  if (fault == nullptr || !fault->is_object()) return std::nullopt;
  Fault found;
  found.type = first_text(*fault, {"type", "Type"});
  const auto* errors = sdk::find_member(*fault, "Error");
  if (errors == nullptr) errors = sdk::find_member(*fault, "error");
  if (errors != nullptr && errors->is_array() && !errors->as_array().empty()) {
    const auto& error = errors->as_array().front();
    found.code = first_text(error, {"code", "Code"});
    found.message = first_text(error, {"Message", "message"});
    found.detail = first_text(error, {"Detail", "detail"});
    found.element = first_text(error, {"element", "Element"});
  }
  settle_code(found);
  return found;
}

std::optional<Fault> find_xml_fault(std::string_view body) {
  const auto fault_tag = xml_tag(body, "<Fault");
  if (fault_tag.empty()) return std::nullopt;
  const auto error_tag = xml_tag(body, "<Error");
  Fault found;
  found.type = xml_attribute(fault_tag, "type");
  found.code = xml_attribute(error_tag, "code");
  found.element = xml_attribute(error_tag, "element");
  found.message = xml_text(body, "Message");
  found.detail = xml_text(body, "Detail");
  settle_code(found);
  return found;
}

sdk::Error error_of(const Fault& fault, int status) {
  if (auto known = error_of_code(fault, status)) return std::move(*known);
  if (status == 401 || fault.type == "AUTHENTICATION" || fault.type == "AuthenticationFault")
    return sdk::auth_error(kRefusedToken, shown(fault));
  // Misspelt so in QuickBooks' own schema.
  if (status == 403 || fault.type == "AuthorizatonFault" || fault.type == "AuthorizationFault")
    return sdk::permanent_error("quickbooks.forbidden", shown(fault));
  // What is not there has the code 610; any other 404 is of a proxy or a wrong address.
  if (status == 404 && fault.code.empty()) return sdk::transient_error("quickbooks.unreadable", shown(fault));
  if (status == 404) return sdk::permanent_error("quickbooks.refused", shown(fault));
  const int code = number_of(fault.code);
  if (code >= 10000 || (status >= 500 && fault.type != "ValidationFault") || fault.type == "SystemFault")
    return sdk::transient_error("quickbooks.unavailable", shown(fault));
  // 6000 and its neighbours: the business refuses; 2000 to 4999: the input does not fit the schema.
  if (fault.type == "ValidationFault" || code >= 2000) return invalid("quickbooks.invalid", fault);
  return sdk::permanent_error("quickbooks.refused", shown(fault));
}

sdk::Error error_of(const sdk::HttpResponse& response) {
  const auto parsed = sdk::parse_json(response.body, {1024 * 1024, 32});
  auto fault = parsed.ok() ? find_fault(*parsed) : find_xml_fault(response.body);
  if (response.status == 429 || (fault && fault->code == "3001"))
    return sdk::rate_limited_error(kThrottled, "QuickBooks asks to wait", asked_wait(response.headers));
  if (fault) return error_of(*fault, response.status);
  Fault bare;
  bare.message = "HTTP " + std::to_string(response.status);
  if (response.status == 413) return invalid("quickbooks.too_large", bare);
  return error_of(bare, response.status);
}

}  // namespace patchbay::quickbooks
