// The rows behind write-back. Everything runs in the caller's transaction.
#pragma once

#include "engine/mapping/mapping.hpp"
#include "platform/storage/session.hpp"

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace patchbay::sync {

/// The tie of one entity to one connection, as write-back needs it.
struct OutboundLink {
  std::string external_id;
  std::string remote_version;
  std::vector<std::string> pending_fields;
  std::int64_t hub_version = 0;  // the entity's version that the service was last told
};

sdk::Result<std::optional<OutboundLink>> find_outbound_link(storage::Session& session, const std::string& connection_id,
                                                            const std::string& resource, const std::string& entity_kind,
                                                            const std::string& entity_id);
/// Marks fields as on their way: records that come in do not overwrite them.
sdk::Result<void> add_pending(storage::Session& session, const std::string& connection_id, const std::string& resource,
                              const std::string& entity_id, const std::vector<std::string>& fields,
                              std::int64_t version);
sdk::Result<void> store_link_error(storage::Session& session, const std::string& connection_id,
                                   const std::string& resource, const std::string& entity_id,
                                   const std::string& message);

/// What a service knows after a write.
struct WrittenRecord {
  std::string connection_id, service, resource, external_id;
  std::string entity_kind, entity_id;
  std::string remote_version;
  std::string fingerprint;  // raw bytes; empty: what came back cannot be mapped
  std::int64_t hub_version = 0;
};
/// Stores the link with the fingerprint that makes the echo a record without news. Returns the entity that the record
/// was tied to by its echo meanwhile, where that is another one.
sdk::Result<std::optional<std::string>> store_written(storage::Session& session, const WrittenRecord& written);

/// A create call, kept until it is answered: a repeat sends the very same request.
struct CreateUnderWay {
  sdk::json::value request;
  std::int64_t entity_version = 0;
};
/// Begins a create call, or finds the one that was begun.
sdk::Result<CreateUnderWay> begin_create(storage::Session& session, const std::string& connection_id,
                                         const std::string& resource, const std::string& entity_kind,
                                         const std::string& entity_id, const CreateUnderWay& create,
                                         const std::vector<std::string>& keys);
sdk::Result<void> end_create(storage::Session& session, const std::string& connection_id,
                             const std::string& entity_kind, const std::string& entity_id);

/// External ids, in one connection, of the entities that an entity's written references name: field → external id.
/// `missing`: fields whose entity the service does not know.
struct OutboundReferences {
  std::map<std::string, std::string> external_ids;
  std::map<std::string, std::string> missing;  // field → entity id
};
sdk::Result<OutboundReferences> find_outbound_references(storage::Session& session, const std::string& connection_id,
                                                         const mapping::ResourceMapping& rules,
                                                         const sdk::json::object& row);

}  // namespace patchbay::sync
