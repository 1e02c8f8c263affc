#include "hub/webhooks/command_turn.hpp"

#include "platform/base/log.hpp"

namespace patchbay::webhooks {
namespace {

constexpr std::chrono::milliseconds kAnswerLimit{2'500};
constexpr std::chrono::milliseconds kOnTheWay{400};  // of the service's own limit, for the way there and back
constexpr std::chrono::milliseconds kLeastTime{200};
constexpr std::size_t kAnswerBytesMax = 256 * 1024;

std::chrono::milliseconds time_for(const plugins::LoadedPlugin& plugin) {
  return std::clamp(plugin.description.webhooks.answer_within - kOnTheWay, kLeastTime, kAnswerLimit);
}

sdk::CommandReply failure(std::string line) {
  return {false, "Patchbay", {std::move(line)}};
}

http::Response form_of(const CommandOrder& order, const sdk::CommandReply& reply) {
  const auto answer = order.plugin->plugin->answer_webhook(order.request, reply);
  if (answer.ok()) return response_of(*answer);
  base::log_warning("webhooks", "a connector could not put a reply into its service's form",
                    {{"connector", order.call.connector}, {"code", answer.error().code}});
  return http::Response::json(200, R"({"received":true})");
}

sdk::CommandReply reply_of(CommandHandler& handler, const sdk::CallContext& context, const CommandCall& call) {
  auto reply = handler.run(context, call);
  if (reply.ok()) return std::move(reply).value();
  return failure(reply.error().error_class == sdk::ErrorClass::kCancelled ? "It took too long; try again."
                                                                          : reply.error().message);
}

/// The timer that speaks when the command has not. Lives and dies on the loop's thread.
struct LateAnswer {
  gateway::Reply reply;
  http::Response response;
  std::shared_ptr<void> timer;
};

/// Arms the timer on the loop; what comes back disarms it, from any thread.
std::function<void()> arm(storage::EventLoop& loop, std::chrono::milliseconds after, gateway::Reply reply,
                          http::Response response) {
  auto late = std::make_shared<LateAnswer>(LateAnswer{std::move(reply), std::move(response), nullptr});
  loop.post([&loop, late, after] {
    late->timer = loop.every(after, [weak = std::weak_ptr(late)] {
      const auto due = weak.lock();
      if (due) due->reply(sdk::Result<http::Response>(due->response));
    });
  });
  return [&loop, late] { loop.post([late] { late->timer.reset(); }); };
}

}  // namespace

http::Response response_of(const sdk::WebhookAnswer& answer) {
  http::Response response;
  response.status = answer.status >= 200 && answer.status <= 299 ? answer.status : 200;
  if (answer.body.size() <= kAnswerBytesMax) response.body = answer.body;
  const bool data = answer.content_type.starts_with("application/") || answer.content_type.starts_with("text/xml");
  response.content_type = data ? answer.content_type : "text/plain; charset=utf-8";
  response.set_header("X-Content-Type-Options", "nosniff");
  return response;
}

void run_command(CommandOrder given, const CommandRoom& room, gateway::Reply reply) {
  const auto order = std::make_shared<const CommandOrder>(std::move(given));
  const auto limit = time_for(*order->plugin);
  const auto deadline = std::chrono::steady_clock::now() + limit;
  const bool taken = room.pool->try_submit([order, room, reply, limit, deadline] {
    if (room.handler == nullptr) {
      return reply(form_of(*order, failure("Commands are not available here.")));
    }
    const auto disarm =
        arm(*room.loop, limit, reply, form_of(*order, failure("It takes longer than usual; try again in a moment.")));
    sdk::CallContext context;
    context.deadline = deadline;
    context.lane = sdk::Lane::kInteractive;
    reply(form_of(*order, reply_of(*room.handler, context, order->call)));
    disarm();
  });
  if (!taken) reply(form_of(*order, failure("Too much is going on; try again in a moment.")));
}

}  // namespace patchbay::webhooks
