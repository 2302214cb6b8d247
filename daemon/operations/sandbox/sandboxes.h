#ifndef DAYTONAD_DAEMON_OPERATIONS_SANDBOX_SANDBOXES_H_
#define DAYTONAD_DAEMON_OPERATIONS_SANDBOX_SANDBOXES_H_

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "daemon/api/api.h"
#include "daemon/base/admission.h"
#include "daemon/operations/base/dependencies.h"
#include "daemon/operations/base/waiting.h"
#include "daemon/operations/base/watching.h"
#include "daemon/operations/build/log_follower.h"
#include "daemon/operations/create/create.h"
#include "daemon/operations/create/settle.h"
#include "daemon/operations/requests/idempotency_store.h"
#include "daemon/operations/sandbox/sandbox_states.h"

// The operations on sandboxes, with the semantics of the SDKs' Daytona class: requests are followed by waits, and one
// limit covers both. Requests are already validated. Errors are those of the contract (daytona_service.proto).
namespace daytonad {

// The SDKs' default for operations that wait.
inline constexpr auto kDefaultWait = std::chrono::seconds(60);

class SandboxOperations {
 public:
  // `creates_at_once`: concurrent create requests, one per connection. Further ones are queued here, where a queued one
  // costs least.
  SandboxOperations(const Dependencies& dependencies, size_t creates_at_once)
      : api_(dependencies.api),
        clock_(dependencies.clock),
        dependencies_(dependencies),
        create_turns_(creates_at_once) {}

  struct CreateOptions {
    TimeLimit timeout = kDefaultWait;
    bool wait = true;
    int64_t log_offset = 0;
    // Receives states, log and warnings; may be null. Outlives the call.
    CreateObserver<v1::Sandbox>* observer = nullptr;
    // Receives the warnings if there is no observer; may be null. Outlives the call.
    google::protobuf::RepeatedPtrField<v1::Warning>* warnings = nullptr;
  };
  // The result of a wait. It is shared, because thousands of calls may wait at once, and a sandbox in each of their
  // frames would double their cost.
  using SharedResult = absl::StatusOr<std::shared_ptr<const v1::Sandbox>>;
  // A sandbox without a name gets one, derived from the call's request id if there is one.
  Task<SharedResult> Create(CallContext context, std::shared_ptr<v1::SandboxSpec> spec, CreateOptions options);

  // Reads the cache, with this maximum age; on any thread.
  std::optional<CachedObject<v1::Sandbox>> FindCached(const std::string& id_or_name,
                                                      std::optional<Clock::Duration> max_age) const;
  Task<absl::StatusOr<v1::Sandbox>> Get(CallContext context, std::string id_or_name);
  // Streams the current state and each change, until the object is deleted.
  Task<absl::Status> StreamUpdates(CallContext context, std::string id_or_name, UpdateSink<v1::Sandbox>& sink);
  // The first sandbox with all these labels.
  Task<absl::StatusOr<v1::Sandbox>> FindByLabels(CallContext context,
                                                 google::protobuf::Map<std::string, std::string> labels);
  Task<absl::StatusOr<SandboxPage>> List(CallContext context, SandboxListQuery query, std::string cursor);
  // Without totals and with BASIC items if the server has no numbered list.
  Task<absl::StatusOr<NumberedSandboxPage>> ListByPage(CallContext context, SandboxListQuery query, int page);

  Task<absl::StatusOr<v1::Sandbox>> Start(CallContext context, std::string id_or_name, TimeLimit timeout, bool wait);
  Task<absl::StatusOr<v1::Sandbox>> Stop(CallContext context, std::string id_or_name, TimeLimit timeout, bool wait,
                                         bool force);
  Task<absl::StatusOr<v1::Sandbox>> Delete(CallContext context, std::string id_or_name, TimeLimit timeout, bool wait);
  // Waits for any of these states.
  Task<SharedResult> WaitFor(CallContext context, std::string id_or_name, WantedStates wanted, Clock::Duration timeout);

 private:
  using Result = absl::StatusOr<v1::Sandbox>;

  // Where the name of a new sandbox comes from, which tells who may use the same one.
  enum class NameFrom { kCaller, kRequestId, kDaemon };
  // `request_id` is the call's; if empty, one is generated.
  static NameFrom NameIfUnnamed(v1::SandboxSpec& spec, std::string& request_id);

  // sandbox_create.cc: the two halves of a create. The request, settled if its outcome is unknown;
  Task<Result> CreateNow(CallContext context, std::shared_ptr<const v1::SandboxSpec> spec, NameFrom name_from);
  Task<absl::StatusOr<Made<v1::Sandbox>>> PostInTurn(CallContext context, std::shared_ptr<const v1::SandboxSpec> spec,
                                                     NameFrom name_from);
  // Waits for a slot for a create.
  Task<absl::StatusOr<Admission::Permit>> CreateTurn(CallContext context);
  Task<absl::StatusOr<Made<v1::Sandbox>>> PostCreate(CallContext context, std::shared_ptr<const v1::SandboxSpec> spec,
                                                     NameFrom name_from, std::optional<ImageBuild> build);
  Task<absl::StatusOr<std::optional<v1::Sandbox>>> FindByName(CallContext context, std::string name);
  // The error of a strict spec with ignored fields. Deletes what this call created.
  Task<absl::Status> UndoIgnoring(CallContext context, Made<v1::Sandbox> made, std::vector<std::string> ignored);
  // and the wait for the created sandbox.
  Task<SharedResult> WaitUntilUp(WaitContext limits, std::shared_ptr<const v1::Sandbox> made, CreateOptions options);

  // A mutation of a sandbox, the states that it leads to, and those on the way there.
  struct Mutation {
    std::function<Task<Result>(CallContext, std::string id_or_name)> send;
    std::vector<v1::SandboxState> goal;
    std::vector<v1::SandboxState> way;
  };
  Mutation DeleteMutation();
  // Sends it, and waits for the goal if requested. `meanwhile` describes the state after a timeout.
  Task<Result> MutateAndWait(CallContext context, std::string id_or_name, Mutation mutation, TimeLimit timeout,
                             bool wait, std::string meanwhile);
  // Sends the mutation; while another one is in progress, waits for its end and tries again.
  Task<Result> MutateWhenStable(CallContext context, std::string id_or_name, std::shared_ptr<const Mutation> mutation);
  // The answer was lost with this error: the sandbox's state may tell whether the mutation was carried out. Otherwise
  // the error is returned.
  Task<Result> SettleMutation(CallContext context, v1::Sandbox known, std::shared_ptr<const Mutation> mutation,
                              absl::Status lost);
  // `known` has at least an id or a name.
  Task<SharedResult> WaitForState(WaitContext limits, std::shared_ptr<const v1::Sandbox> known, WantedStates wanted);
  // The request's and the cache's data about a sandbox, for errors before an answer.
  v1::Sandbox Known(const std::string& id_or_name) const;
  // The sandbox is gone, or in the wrong state. Returns GivenUpError if upstream gave it up, else `status`.
  Task<absl::Status> WhyGone(CallContext context, std::shared_ptr<const v1::Sandbox> last, absl::Status status);
  // A page of the cursor list, found by walking there.
  Task<absl::StatusOr<NumberedSandboxPage>> WalkToPage(CallContext context, SandboxListQuery query, int page);
  // Watches by id as soon as it is known: the name may be given to another sandbox.
  std::unique_ptr<Watch<v1::Sandbox>> Watching(const v1::Sandbox& known) const;

  Api& api_;
  Clock& clock_;
  const Dependencies dependencies_;
  Admission create_turns_;
  // The server is known not to have it.
  bool no_numbered_list_ = false;
};

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_OPERATIONS_SANDBOX_SANDBOXES_H_
