#include "platform/http/message.hpp"
#include "platform/http/problem.hpp"

#include <mutex>

namespace patchbay::http {

/// Shared by the copies of one Responder: the last copy to go answers for them all.
struct Responder::State {
  explicit State(Send answer) : send(std::move(answer)) {}

  ~State() {
    if (answered || !send) return;
    try {
      leave(problem_response(500, "http.not_answered", "The request was not answered."));
    } catch (...) {
      // A destructor has nobody to tell; the server's own time limits close the connection.
    }
  }

  void leave(Response response) {
    for (auto filter = filters.rbegin(); filter != filters.rend(); ++filter) (*filter)(response);
    send(std::move(response));
  }

  std::mutex mutex;
  bool answered = false;
  Send send;
  std::vector<std::function<void(Response&)>> filters;
};

Responder::Responder(Send send) : state_(std::make_shared<State>(std::move(send))) {}

void Responder::send(Response response) const {
  if (!state_) return;
  {
    const std::lock_guard lock(state_->mutex);
    if (std::exchange(state_->answered, true)) return;
  }
  // Nobody changes the filters any more: add_filter does nothing once answered is set.
  state_->leave(std::move(response));
}

void Responder::add_filter(std::function<void(Response&)> filter) const {
  if (!state_) return;
  const std::lock_guard lock(state_->mutex);
  if (!state_->answered) state_->filters.push_back(std::move(filter));
}

}  // namespace patchbay::http
