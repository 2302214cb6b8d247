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

v1::Sandbox Destroyed(v1::Sandbox last_known) {
  last_known.set_state(v1::SANDBOX_STATE_DESTROYED);
  last_known.set_state_text("destroyed");
  return last_known;
}

// Ends a wait when one of the wanted states is reached or can't be any more. `known` is what is known of the sandbox
// and is kept up to date; a sandbox that is gone is DESTROYED.
auto DecideByState(std::vector<v1::SandboxState> wanted, std::shared_ptr<v1::Sandbox> known) {
  return [wanted = std::move(wanted), known = std::move(known)](const SandboxResult& seen) {
    const auto is_wanted = [&](v1::SandboxState state) { return std::ranges::find(wanted, state) != wanted.end(); };
    std::optional<SandboxResult> decided;
    if (seen.ok()) {
      *known = *seen;
      if (is_wanted(seen->state())) {
        decided = seen;
      } else if (HasFailed(*seen)) {
        decided = FailedError(*seen);
      }
    } else if (absl::IsNotFound(seen.status()) && is_wanted(v1::SANDBOX_STATE_DESTROYED)) {
      decided = Destroyed(*known);
    } else {
      decided = Naming(seen.status(), *known);
    }
    return decided;
  };
}

}  // namespace

Task<SandboxResult> SandboxOperations::Create(CallContext context, v1::SandboxSpec spec, CreateOptions options) {
  const WaitContext limits(context, clock_, options.timeout);
  absl::StatusOr<std::optional<ImageBuild>> build = BuildOf(spec);
  if (!build.ok()) co_return build.status();
  NewSandbox request{std::move(spec), *std::move(build)};
  const std::string name = request.spec.name();

  SandboxResult created = co_await api_.CreateSandbox(limits.wait, std::move(request));
  if (!created.ok()) {
    absl::Status status =
        ExplainTimeout(created.status(), limits, clock_, "the request was sent, and the sandbox may still come up");
    if (!name.empty()) status = WithErrorMetadata(std::move(status), "sandbox_name", name);
    co_return status;
  }
  // From a pool of warm sandboxes one is there at once; any other answer is older than the sandbox.
  if (!options.wait) co_return created;
  if (created->state() == v1::SANDBOX_STATE_STARTED && options.observer == nullptr) co_return created;
  co_return co_await WaitUntilUp(limits, *std::move(created), std::move(options));
}

// Apart from Create, whose frame is then small: there may be thousands of creates that wait for their turn.
Task<SandboxResult> SandboxOperations::WaitUntilUp(WaitContext limits, v1::Sandbox created, CreateOptions options) {
  const auto known = std::make_shared<v1::Sandbox>(created);
  Creation<v1::Sandbox> creation;
  creation.owner = LogOwner::kSandbox;
  creation.look = [this, id = created.id()](CallContext look) { return api_.GetSandbox(std::move(look), id); };
  creation.decide = DecideByState({v1::SANDBOX_STATE_STARTED}, known);
  creation.building = IsBuilding;
  creation.log_offset = options.log_offset;
  CreationWait<v1::Sandbox> wait(executor_, clock_, follower_, limits, std::move(creation), options.observer);
  SandboxResult result = co_await wait.Run(std::move(created));
  if (result.ok()) co_return result;
  co_return Naming(ExplainTimeout(result.status(), limits, clock_, "the sandbox is still coming up"), *known);
}

Task<SandboxResult> SandboxOperations::WaitForState(WaitContext context, v1::Sandbox known,
                                                    std::vector<v1::SandboxState> wanted) {
  const auto latest = std::make_shared<v1::Sandbox>(std::move(known));
  Poll<v1::Sandbox> poll;
  // A deleted sandbox loses its name: as soon as its id is known, that is what is asked for.
  poll.look = [this, latest](CallContext look) {
    return api_.GetSandbox(std::move(look), latest->id().empty() ? latest->name() : latest->id());
  };
  poll.decide = DecideByState(std::move(wanted), latest);
  SandboxResult result = co_await PollUntil(clock_, context, poll);
  if (result.ok()) co_return result;
  const std::string now = absl::StrCat("the sandbox's state is ",
                                       latest->state_text().empty() ? std::string("not known") : latest->state_text());
  co_return Naming(ExplainTimeout(result.status(), context, clock_, now), *latest);
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
