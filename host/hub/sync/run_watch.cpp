#include "hub/sync/run_watch.hpp"

namespace patchbay::sync {
namespace {

constexpr std::chrono::milliseconds kLook{250};
/// The row is asked and the lease renewed only every so many looks.
constexpr int kLooksPerQuery = 4;

}  // namespace

RunWatch::RunWatch(storage::Database& database, const RunStore& runs, std::string run_id, queue::WorkClaim& claim)
    : database_(database), runs_(runs), run_id_(std::move(run_id)), claim_(claim), thread_([this] { run(); }) {}

RunWatch::~RunWatch() {
  signal_.stop();
  thread_.join();
}

void RunWatch::note_cancel_request() {
  cancel_requested_ = true;
  token_.cancel();
}

void RunWatch::run() {
  for (int looks = 1; signal_.wait_for(kLook); ++looks) {
    if (claim_.cancel().cancelled() || (looks % kLooksPerQuery == 0 && !claim_.renew())) {
      interrupted_ = true;
      token_.cancel();
    }
    if (looks % kLooksPerQuery == 0) look();
  }
}

void RunWatch::look() {
  // A look that fails tells nothing; the next one follows in a second.
  const auto looked =
      database_.transaction(storage::Lane::kWorker, [&](storage::Session& session) -> sdk::Result<void> {
        PATCHBAY_ASSIGN(const auto run, runs_.find(session, run_id_));
        if (run && run->cancel_requested) note_cancel_request();
        return {};
      });
  static_cast<void>(looked);
}

}  // namespace patchbay::sync
