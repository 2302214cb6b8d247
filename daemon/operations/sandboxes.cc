#include "daemon/operations/sandboxes.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "daemon/operations/image.h"
#include "daemon/operations/outcome.h"

namespace daytonad {
namespace {

using SandboxResult = absl::StatusOr<v1::Sandbox>;

bool HasFailed(const v1::Sandbox& sandbox) {
  // A sandbox in error that is to be destroyed is on its way out, not stuck.
  return (sandbox.state() == v1::SANDBOX_STATE_ERROR || sandbox.state() == v1::SANDBOX_STATE_BUILD_FAILED) &&
         sandbox.desired_state() != v1::SANDBOX_DESIRED_STATE_DESTROYED;
}

bool IsBuilding(const v1::Sandbox& sandbox) {
  return sandbox.state() == v1::SANDBOX_STATE_PENDING_BUILD || sandbox.state() == v1::SANDBOX_STATE_BUILDING_SNAPSHOT;
}

// Ends a wait when one of the wanted states is reached or can't be any more. A sandbox that is gone is DESTROYED.
auto DecideByState(std::vector<v1::SandboxState> wanted) {
  return [wanted = std::move(wanted)](const absl::Status& looked, v1::Sandbox& latest) -> std::optional<absl::Status> {
    const auto is_wanted = [&](v1::SandboxState state) { return std::ranges::find(wanted, state) != wanted.end(); };
    if (looked.ok()) {
      if (is_wanted(latest.state())) return absl::OkStatus();
      if (HasFailed(latest)) return FailedError(latest);
      return std::nullopt;
    }
    if (!absl::IsNotFound(looked) || !is_wanted(v1::SANDBOX_STATE_DESTROYED)) return looked;
    latest.set_state(v1::SANDBOX_STATE_DESTROYED);
    latest.set_state_text("destroyed");
    return absl::OkStatus();
  };
}

}  // namespace

Task<SandboxResult> SandboxOperations::Create(CallContext context, v1::SandboxSpec spec, CreateOptions options) {
  const WaitContext limits(context, clock_, options.timeout);
  // Thousands of creates may wait here. What they create is in one place, and their requests are in no frame of theirs.
  const auto sandbox = std::make_unique<v1::Sandbox>();
  absl::Status status;
  {
    const absl::StatusOr<Admission::Permit> turn = co_await create_turns_.Acquire(limits.wait);
    if (!turn.ok()) co_return ExplainTimeout(turn.status(), limits, clock_, "nothing was sent, too many creates wait");
    status = co_await PostCreate(limits, std::move(spec), *sandbox);
  }
  // From a pool of warm sandboxes one is there at once; any other answer is older than the sandbox.
  const bool up = sandbox->state() == v1::SANDBOX_STATE_STARTED && options.observer == nullptr;
  if (status.ok() && options.wait && !up) status = co_await WaitUntilUp(limits, *sandbox, options);
  if (!status.ok()) co_return status;
  co_return std::move(*sandbox);
}

Task<absl::Status> SandboxOperations::PostCreate(WaitContext limits, v1::SandboxSpec spec, v1::Sandbox& created) {
  absl::StatusOr<std::optional<ImageBuild>> build = BuildOf(spec);
  if (!build.ok()) co_return build.status();
  const std::string name = spec.name();
  NewSandbox request{std::move(spec), *std::move(build)};
  SandboxResult answer = co_await api_.CreateSandbox(limits.wait, std::move(request));
  if (answer.ok()) {
    created = *std::move(answer);
    co_return absl::OkStatus();
  }
  absl::Status status =
      ExplainTimeout(answer.status(), limits, clock_, "the request was sent, and the sandbox may still come up");
  co_return name.empty() ? status : WithErrorMetadata(std::move(status), "sandbox_name", name);
}

Task<absl::Status> SandboxOperations::WaitUntilUp(WaitContext limits, v1::Sandbox& sandbox, CreateOptions options) {
  Creation<v1::Sandbox> creation;
  creation.owner = LogOwner::kSandbox;
  creation.poll.look = [this, id = sandbox.id()](CallContext look) { return api_.GetSandbox(std::move(look), id); };
  creation.poll.decide = DecideByState({v1::SANDBOX_STATE_STARTED});
  creation.building = IsBuilding;
  creation.log_offset = options.log_offset;
  CreationWait<v1::Sandbox> wait(executor_, clock_, follower_, limits, std::move(creation), options.observer);
  absl::Status status = co_await wait.Run(sandbox);
  if (status.ok()) co_return status;
  co_return Naming(ExplainTimeout(std::move(status), limits, clock_, "the sandbox is still coming up"), sandbox);
}

Task<SandboxResult> SandboxOperations::WaitForState(WaitContext context, v1::Sandbox known,
                                                    std::vector<v1::SandboxState> wanted) {
  const auto latest = std::make_unique<v1::Sandbox>(std::move(known));
  Poll<v1::Sandbox> poll;
  // A deleted sandbox loses its name: as soon as its id is known, that is what is asked for.
  poll.look = [this, sandbox = latest.get()](CallContext look) {
    return api_.GetSandbox(std::move(look), sandbox->id().empty() ? sandbox->name() : sandbox->id());
  };
  poll.decide = DecideByState(std::move(wanted));
  absl::Status status = co_await PollUntil(clock_, context, poll, *latest);
  if (status.ok()) co_return std::move(*latest);
  const std::string now = absl::StrCat("the sandbox's state is ",
                                       latest->state_text().empty() ? std::string("not known") : latest->state_text());
  co_return Naming(ExplainTimeout(std::move(status), context, clock_, now), *latest);
}

Task<SandboxResult> SandboxOperations::Get(CallContext context, std::string id_or_name) {
  return api_.GetSandbox(std::move(context), std::move(id_or_name));
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

Task<SandboxResult> SandboxOperations::Start(CallContext context, std::string id_or_name, Clock::Duration timeout,
                                             bool wait) {
  const WaitContext limits(context, clock_, timeout);
  SandboxResult answer = co_await api_.StartSandbox(limits.wait, std::move(id_or_name));
  if (!answer.ok())
    co_return ExplainTimeout(answer.status(), limits, clock_, "the request was sent; it may still start");
  if (!wait || answer->state() == v1::SANDBOX_STATE_STARTED) co_return answer;
  std::vector<v1::SandboxState> wanted = {v1::SANDBOX_STATE_STARTED};
  co_return co_await WaitForState(limits, *std::move(answer), std::move(wanted));
}

Task<SandboxResult> SandboxOperations::Stop(CallContext context, std::string id_or_name, Clock::Duration timeout,
                                            bool wait, bool force) {
  const WaitContext limits(context, clock_, timeout);
  SandboxResult answer = co_await api_.StopSandbox(limits.wait, std::move(id_or_name), force);
  if (!answer.ok())
    co_return ExplainTimeout(answer.status(), limits, clock_, "the request was sent; it may still stop");
  if (!wait || answer->state() == v1::SANDBOX_STATE_STOPPED) co_return answer;
  std::vector<v1::SandboxState> wanted = {v1::SANDBOX_STATE_STOPPED, v1::SANDBOX_STATE_DESTROYED};
  co_return co_await WaitForState(limits, *std::move(answer), std::move(wanted));
}

Task<SandboxResult> SandboxOperations::Delete(CallContext context, std::string id_or_name, Clock::Duration timeout,
                                              bool wait) {
  const WaitContext limits(context, clock_, timeout);
  SandboxResult answer = co_await api_.DeleteSandbox(limits.wait, std::move(id_or_name));
  if (!answer.ok()) {
    co_return ExplainTimeout(answer.status(), limits, clock_, "the request was sent; it may still be deleted");
  }
  if (!wait || answer->state() == v1::SANDBOX_STATE_DESTROYED) co_return answer;
  std::vector<v1::SandboxState> wanted = {v1::SANDBOX_STATE_DESTROYED};
  co_return co_await WaitForState(limits, *std::move(answer), std::move(wanted));
}

Task<SandboxResult> SandboxOperations::WaitFor(CallContext context, std::string id_or_name,
                                               std::vector<v1::SandboxState> states, Clock::Duration timeout) {
  const WaitContext limits(context, clock_, timeout);
  v1::Sandbox known;
  known.set_name(std::move(id_or_name));
  return WaitForState(limits, std::move(known), std::move(states));
}

}  // namespace daytonad
