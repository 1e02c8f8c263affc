#include "engine/resources/routes.hpp"

#include "engine/resources/openapi.hpp"
#include "platform/base/ids.hpp"

namespace patchbay::resources {
namespace {

using Context = std::shared_ptr<gateway::RequestContext>;

http::Response row_response(const gateway::RequestContext& context, const ReadRow& row) {
  const std::string etag = etag_of(row);
  const auto known = context.request.header("If-None-Match");
  const bool unchanged = known && (*known == etag || *known == "W/" + etag);
  http::Response response = unchanged ? http::Response::empty(304) : http::Response::json(200, envelope(row.json));
  response.set_header("ETag", etag);
  return response;
}

/// Parses, reads and answers a list; `fixed` is a condition that is not the caller's.
void answer_list(const RouteParts& parts, const ResourceDescription& description, const Context& context,
                 const gateway::Reply& reply, std::optional<Condition> fixed,
                 std::function<void(const std::shared_ptr<ReadChannel>&, std::function<void()>)> before) {
  std::vector<sdk::Error> errors;
  auto query = parse_list_query(description, context->request.query, parts.phone_region, errors);
  if (!query) return reply(query_problem(*context, errors));
  if (fixed) query->conditions.push_back(std::move(*fixed));
  const bool cheap = query->cheap();
  auto read = [&parts, &description, context, reply, query = std::move(*query),
               before = std::move(before)](const std::shared_ptr<ReadChannel>& channel) {
    const auto list = [&parts, &description, context, reply, query, channel] {
      parts.reader.list(channel, description, context->principal, query, [reply, query](sdk::Result<ReadPage> page) {
        if (!page.ok()) return reply(std::move(page).error());
        reply(page_response(query, *page));
      });
    };
    before ? before(channel, list) : list();
  };
  run_read(parts, *context, reply, cheap, std::move(read));
}

gateway::AsyncHandler list_handler(const RouteParts& parts, const ResourceDescription& description) {
  return [&parts, &description](Context context, gateway::Reply reply) {
    answer_list(parts, description, context, reply, std::nullopt, nullptr);
  };
}

/// Rows of a child that hang on one parent row, which the caller must see.
gateway::AsyncHandler child_handler(const RouteParts& parts, const ResourceDescription& parent,
                                    const ResourceDescription& child, const Field& field) {
  return [&parts, &parent, &child, &field](Context context, gateway::Reply reply) {
    if (!parts.policy.allows(context->principal, parent.read_permission)) {
      return reply(sdk::permanent_error("policy.forbidden", "Your role may not read " + parent.path + "."));
    }
    const std::string id = context->path_param("id");
    const auto seen_first = [&parts, &parent, context, reply, id](const std::shared_ptr<ReadChannel>& channel,
                                                                  std::function<void()> list) {
      parts.reader.check_exists(channel, parent, context->principal, id,
                                [reply, list = std::move(list)](sdk::Result<void> exists) {
                                  exists.ok() ? list() : reply(std::move(exists).error());
                                });
    };
    // The condition is only reached behind the check that the id is one.
    const bool is_id = base::is_uuid(id);
    const Condition fixed{&field, Operator::kEqual, {is_id ? id : "00000000-0000-0000-0000-000000000000"}};
    answer_list(parts, child, context, reply, fixed, seen_first);
  };
}

gateway::AsyncHandler get_handler(const RouteParts& parts, const ResourceDescription& description) {
  return [&parts, &description](Context context, gateway::Reply reply) {
    run_read(parts, *context, reply, true,
             [&parts, &description, context, reply](const std::shared_ptr<ReadChannel>& channel) {
               parts.reader.get(channel, description, context->principal, context->path_param("id"),
                                [context, reply](sdk::Result<ReadRow> row) {
                                  if (!row.ok()) return reply(std::move(row).error());
                                  reply(row_response(*context, *row));
                                });
             });
  };
}

gateway::BlockingHandler create_handler(const RouteParts& parts, const ResourceDescription& description) {
  return [&parts, &description](const gateway::RequestContext& context) -> sdk::Result<http::Response> {
    PATCHBAY_ASSIGN(const auto body, gateway::json_body(context.request));
    return answer_write(parts, context, description, 201,
                        [&](storage::Session& session, std::vector<sdk::Error>& errors) {
                          return parts.writer.create(session, description, actor_of(context.principal), body, errors);
                        });
  };
}

gateway::BlockingHandler update_handler(const RouteParts& parts, const ResourceDescription& description) {
  return [&parts, &description](const gateway::RequestContext& context) -> sdk::Result<http::Response> {
    PATCHBAY_ASSIGN(const auto body, gateway::json_body(context.request));
    const IfMatch versions = if_match(context.request);
    return answer_write(parts, context, description, 200,
                        [&](storage::Session& session, std::vector<sdk::Error>& errors) {
                          return parts.writer.update(session, description, actor_of(context.principal),
                                                     context.path_param("id"), body, versions, errors);
                        });
  };
}

gateway::BlockingHandler delete_handler(const RouteParts& parts, const ResourceDescription& description) {
  return [&parts, &description](const gateway::RequestContext& context) -> sdk::Result<http::Response> {
    const IfMatch versions = if_match(context.request);
    PATCHBAY_TRY(parts.database.transaction(storage::Lane::kInteractive, [&](storage::Session& session) {
      return parts.writer.remove(session, description, actor_of(context.principal), context.path_param("id"), versions);
    }));
    parts.wake.wake();
    return http::Response::empty(204);
  };
}

class RouteMaker {
 public:
  RouteMaker(const RouteParts& parts, gateway::Routes& routes) : parts_(parts), routes_(routes) {}

  void add_all(const ResourceDescription& description, const std::string& path) {
    const std::string one = path + "/{id}";
    const std::string& list =
        description.list_permission.empty() ? description.read_permission : description.list_permission;
    const std::string name = description.title;
    add("GET", path, list, list_handler(parts_, description), description, "List: " + name,
        list_operation(description));
    add("POST", path, description.create_permission, create_handler(parts_, description), description,
        "Create: " + name, write_operation(description, 201));
    add("GET", one, description.read_permission, get_handler(parts_, description), description, "Read: " + name,
        get_operation(description));
    for (const char* method : {"PUT", "PATCH"}) {
      add(method, one, description.write_permission, update_handler(parts_, description), description,
          "Change the given fields: " + name, write_operation(description, 200));
    }
    add("DELETE", one, description.delete_permission, delete_handler(parts_, description), description,
        "Delete: " + name, delete_operation());
    for (const ChildList& child : description.children) add_child(description, one, child);
  }

 private:
  void add(std::string method, std::string pattern, const std::string& permission,
           std::variant<gateway::BlockingHandler, gateway::AsyncHandler> handler,
           const ResourceDescription& description, std::string summary, sdk::json::object operation) {
    if (permission.empty()) return;
    gateway::Route route;
    route.method = std::move(method);
    route.pattern = std::move(pattern);
    route.permission = permission;
    route.handler = std::move(handler);
    route.tag = description.path;
    route.summary = std::move(summary);
    route.operation = std::move(operation);
    routes_.push_back(std::move(route));
  }

  void add_child(const ResourceDescription& parent, const std::string& one, const ChildList& list) {
    const ResourceDescription* child = parts_.registry.find(list.kind);
    const Field* field = child == nullptr ? nullptr : child->find_field(list.field);
    if (field == nullptr) return;
    // The list of one parent is open to who may read the child's rows: the parent is checked first.
    add("GET", one + "/" + list.name, child->read_permission, child_handler(parts_, parent, *child, *field), *child,
        "List of one " + parent.title + ": " + child->title, list_operation(*child));
  }

  const RouteParts& parts_;
  gateway::Routes& routes_;
};

}  // namespace

gateway::Routes make_routes(const RouteParts& parts) {
  gateway::Routes routes;
  RouteMaker maker(parts, routes);
  for (const ResourceDescription& description : parts.registry.all()) {
    maker.add_all(description, "/" + description.path);
    if (!description.second_path.empty()) maker.add_all(description, "/" + description.second_path);
  }
  return routes;
}

}  // namespace patchbay::resources
