#include "daemon/operations/sandboxes.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "daemon/base/absent.h"
#include "daemon/operations/outcome.h"
#include "daemon/operations/sandbox_states.h"
#include "daemon/operations/settle.h"
#include "daemon/operations/waiting.h"

namespace daytonad {
namespace {

using SandboxResult = absl::StatusOr<v1::Sandbox>;

bool Contains(const std::vector<v1::SandboxState>& states, v1::SandboxState state) {
  return std::ranges::find(states, state) != states.end();
}

bool ChangeInProgress(const absl::Status& status) { return ErrorReason(status) == "STATE_CHANGE_IN_PROGRESS"; }

absl::Status StillInProgress(const absl::Status& status, const v1::Sandbox& sandbox) {
  return Naming(WithErrorMessage(status, absl::StrCat(status.message(),
                                                      " The time limit was reached before that one ended, and nothing "
                                                      "was changed.")),
                sandbox);
}

}  // namespace

// --- Reads ---

Task<SandboxResult> SandboxOperations::Get(CallContext context, std::string id_or_name) {
  return api_.GetSandbox(std::move(context), std::move(id_or_name));
}

Task<absl::Status> SandboxOperations::StreamUpdates(CallContext context, std::string id_or_name,
                                                    UpdateSink<v1::Sandbox>& sink) {
  return WatchToTheEnd(std::move(context), with_.watches.WatchSandbox(std::move(id_or_name)), sink);
}

Task<SandboxResult> SandboxOperations::FindByLabels(CallContext context,
                                                    google::protobuf::Map<std::string, std::string> labels) {
  SandboxListQuery query;
  *query.filter.mutable_labels() = std::move(labels);
  query.page_size = 1;
  absl::StatusOr<NumberedSandboxPage> page = co_await api_.ListSandboxesByPage(std::move(context), std::move(query), 1);
  if (!page.ok()) co_return page.status();
  if (page->items.empty()) {
    co_return MakeError(absl::StatusCode::kNotFound, "SANDBOX_NOT_FOUND", "No sandbox has all of these labels.");
  }
  co_return std::move(page->items.front());
}

Task<absl::StatusOr<SandboxPage>> SandboxOperations::List(CallContext context, SandboxListQuery query,
                                                          std::string cursor) {
  return api_.ListSandboxes(std::move(context), std::move(query), std::move(cursor));
}

Task<absl::StatusOr<NumberedSandboxPage>> SandboxOperations::ListByPage(CallContext context, SandboxListQuery query,
                                                                        int page) {
  return api_.ListSandboxesByPage(std::move(context), std::move(query), page);
}

std::unique_ptr<Watch<v1::Sandbox>> SandboxOperations::Watching(const v1::Sandbox& known) const {
  return with_.watches.WatchSandbox(known.id().empty() ? known.name() : known.id());
}

Task<SandboxOperations::SharedResult> SandboxOperations::WaitForState(WaitContext limits,
                                                                      std::shared_ptr<const v1::Sandbox> known,
                                                                      std::vector<v1::SandboxState> wanted) {
  const auto watch = Watching(*known);
  Sighting<v1::Sandbox> last;
  last.object = std::move(known);
  Goal<v1::Sandbox> goal;
  goal.decide = DecideByState(std::move(wanted));
  absl::Status status = co_await WaitUntil(clock_, limits, *watch, goal, last);
  if (status.ok()) co_return ObjectOf(last);
  const std::string& state = last.object->state_text();
  const std::string now = absl::StrCat("the sandbox's state is ", state.empty() ? std::string("not known") : state);
  co_return Naming(ExplainTimeout(std::move(status), limits, clock_, now), *last.object);
}

Task<SandboxOperations::SharedResult> SandboxOperations::WaitFor(CallContext context, std::string id_or_name,
                                                                 std::vector<v1::SandboxState> states,
                                                                 Clock::Duration timeout) {
  const WaitContext limits(context, clock_, timeout);
  auto known = std::make_shared<v1::Sandbox>();
  known->set_name(std::move(id_or_name));
  return WaitForState(limits, std::move(known), std::move(states));
}

// --- Changes ---

Task<SandboxResult> SandboxOperations::Start(CallContext context, std::string id_or_name, Clock::Duration timeout,
                                             bool wait) {
  Change change;
  change.send = [this](CallContext call, std::string sandbox) {
    return api_.StartSandbox(std::move(call), std::move(sandbox));
  };
  change.goal = {v1::SANDBOX_STATE_STARTED};
  change.way = {v1::SANDBOX_STATE_STARTING, v1::SANDBOX_STATE_RESUMING, v1::SANDBOX_STATE_RESTORING};
  return ChangeAndWait(std::move(context), std::move(id_or_name), std::move(change), timeout, wait,
                       "the request was sent; it may still start");
}

Task<SandboxResult> SandboxOperations::Stop(CallContext context, std::string id_or_name, Clock::Duration timeout,
                                            bool wait, bool force) {
  Change change;
  change.send = [this, force](CallContext call, std::string sandbox) {
    return api_.StopSandbox(std::move(call), std::move(sandbox), force);
  };
  // An ephemeral sandbox is gone when it stops.
  change.goal = {v1::SANDBOX_STATE_STOPPED, v1::SANDBOX_STATE_DESTROYED};
  change.way = {v1::SANDBOX_STATE_STOPPING, v1::SANDBOX_STATE_DESTROYING};
  return ChangeAndWait(std::move(context), std::move(id_or_name), std::move(change), timeout, wait,
                       "the request was sent; it may still stop");
}

Task<SandboxResult> SandboxOperations::Delete(CallContext context, std::string id_or_name, Clock::Duration timeout,
                                              bool wait) {
  Change change;
  change.send = [this](CallContext call, std::string sandbox) {
    return api_.DeleteSandbox(std::move(call), std::move(sandbox));
  };
  change.goal = {v1::SANDBOX_STATE_DESTROYED};
  change.way = {v1::SANDBOX_STATE_DESTROYING};
  return ChangeAndWait(std::move(context), std::move(id_or_name), std::move(change), timeout, wait,
                       "the request was sent; it may still be deleted");
}

Task<SandboxResult> SandboxOperations::ChangeAndWait(CallContext context, std::string id_or_name, Change change,
                                                     Clock::Duration timeout, bool wait, std::string meanwhile) {
  const WaitContext limits(context, clock_, timeout);
  const auto shared = std::make_shared<const Change>(std::move(change));
  RequestLog::Change<v1::Sandbox> once = [this, id_or_name = std::move(id_or_name), shared](CallContext own) {
    return ChangeWhenStable(std::move(own), id_or_name, shared);
  };
  Changed<v1::Sandbox> changed;
  absl::Status status = co_await with_.requests.Once(limits.wait, std::move(once), changed);
  if (!status.ok()) co_return ExplainTimeout(std::move(status), limits, clock_, meanwhile);
  if (!wait || changed.concluded || Contains(shared->goal, changed.object.state())) co_return std::move(changed.object);
  auto known = std::make_shared<const v1::Sandbox>(std::move(changed.object));
  SharedResult reached = co_await WaitForState(limits, std::move(known), shared->goal);
  if (!reached.ok()) co_return reached.status();
  with_.requests.Conclude(context, **reached);
  co_return **reached;
}

Task<SandboxResult> SandboxOperations::ChangeWhenStable(CallContext context, std::string id_or_name,
                                                        std::shared_ptr<const Change> change) {
  PollBackoff backoff{PollPolicy()};
  v1::Sandbox latest;
  latest.set_name(id_or_name);
  while (true) {
    std::string target = latest.id().empty() ? latest.name() : latest.id();
    SandboxResult answer = co_await change->send(context, std::move(target));
    if (OutcomeUnknown(answer.status())) {
      co_return co_await SettleChange(std::move(context), std::move(latest), std::move(change), answer.status());
    }
    if (!ChangeInProgress(answer.status())) co_return answer;
    absl::Status slept = co_await clock_.Sleep(context, backoff.Next());
    if (absl::IsDeadlineExceeded(slept)) co_return StillInProgress(answer.status(), latest);
    if (!slept.ok()) co_return slept;

    const auto watch = Watching(latest);
    Sighting<v1::Sandbox> last;
    last.object = std::make_shared<const v1::Sandbox>(std::move(latest));
    Goal<v1::Sandbox> stable;
    stable.decide = DecideWhenStable(Contains(change->goal, v1::SANDBOX_STATE_DESTROYED));
    const WaitContext until(context, clock_, Clock::Duration::zero());
    absl::Status waited = co_await WaitUntil(clock_, until, *watch, stable, last);
    latest = *ObjectOf(last);
    if (absl::IsDeadlineExceeded(waited)) co_return StillInProgress(answer.status(), latest);
    if (!waited.ok()) co_return waited;
    // The other change was the same one.
    if (Contains(change->goal, latest.state())) co_return latest;
  }
}

Task<SandboxResult> SandboxOperations::SettleChange(CallContext context, v1::Sandbox known,
                                                    std::shared_ptr<const Change> change, absl::Status lost) {
  std::string target = known.id().empty() ? known.name() : known.id();
  SandboxResult now = co_await api_.GetSandbox(std::move(context), std::move(target));
  if (now.ok()) {
    const bool made = Contains(change->goal, now->state()) || Contains(change->way, now->state());
    if (made) co_return now;
    co_return Naming(lost, *now);
  }
  if (!IsAbsent(now.status()) || !Contains(change->goal, v1::SANDBOX_STATE_DESTROYED)) co_return lost;
  MarkDestroyed(known);
  co_return known;
}

}  // namespace daytonad
