// A small registry and connector for the tests of this folder.
#pragma once

#include "engine/mapping/mapping.hpp"

#include <stdexcept>

namespace patchbay::mapping::testing {

inline resources::Field make_field(std::string name, std::string column, resources::FieldType type,
                                   std::size_t length_max = 0) {
  resources::Field field;
  field.name = std::move(name);
  field.column = std::move(column);
  field.type = type;
  field.length_max = length_max;
  return field;
}

inline resources::Registry make_registry() {
  using resources::FieldType;
  resources::ResourceDescription client;
  client.kind = "client";
  client.path = client.table = "clients";
  client.fields = {make_field("name", "name", FieldType::kText, 20),
                   make_field("email", "email", FieldType::kEmail, 255),
                   make_field("phone", "phone", FieldType::kPhone, 50),
                   make_field("phoneE164", "phone_e164", FieldType::kText, 20),
                   make_field("address", "address", FieldType::kObject),
                   make_field("type", "type", FieldType::kEnum),
                   make_field("serviceStatus", "service_status", FieldType::kText, 5),
                   make_field("tags", "tags", FieldType::kTextList)};
  client.fields[0].required = true;
  client.fields[0].nullable = false;
  client.fields[2].normalized_field = "phoneE164";
  client.fields[5].values = {"INDIVIDUAL", "BUSINESS"};
  resources::ResourceDescription invoice;
  invoice.kind = "invoice";
  invoice.path = invoice.table = "invoices";
  invoice.fields = {
      make_field("clientId", "client_id", FieldType::kUuid), make_field("jobId", "job_id", FieldType::kUuid),
      make_field("contactId", "contact_id", FieldType::kUuid), make_field("currency", "currency", FieldType::kText, 3),
      make_field("total", "total", FieldType::kMoney),       make_field("dueDate", "due_date", FieldType::kTime),
      make_field("count", "count", FieldType::kInteger),     make_field("open", "open", FieldType::kBoolean),
      make_field("title", "title", FieldType::kText, 100)};
  invoice.fields[2].references = "client";
  invoice.fields[1].references = "invoice";
  resources::Registry registry;
  registry.add(client);
  registry.add(invoice);
  return registry;
}

inline sdk::Description make_connector() {
  sdk::Description description;
  description.name = "acme";
  sdk::ResourceDescription customers;
  customers.name = "customers";
  customers.list = customers.get = customers.create = customers.update = true;
  sdk::ResourceDescription bills;
  bills.name = "bills";
  bills.list = bills.get = true;
  description.resources = {customers, bills};
  return description;
}

inline sdk::Result<Mapping> load_text(std::string_view yaml, const resources::Registry& registry) {
  const auto root = base::yaml::parse(yaml, "acme.yaml");
  if (!root.ok()) return root.error();
  return Mapping::load(root.value(), make_connector(), registry);
}

inline sdk::Record make_record(std::string resource, std::string id, std::string_view json) {
  auto data = sdk::parse_json(json);
  if (!data.ok()) throw std::runtime_error(data.error().message);
  sdk::Record record;
  record.resource = std::move(resource);
  record.external_id = std::move(id);
  record.data = std::move(data).value();
  return record;
}

}  // namespace patchbay::mapping::testing
