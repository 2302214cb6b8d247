#ifndef DAYTONAD_DAEMON_OPERATIONS_SANDBOXES_H_
#define DAYTONAD_DAEMON_OPERATIONS_SANDBOXES_H_

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "daemon/api/api.h"
#include "daemon/net/admission.h"
#include "daemon/operations/create.h"
#include "daemon/operations/log_follower.h"
#include "daemon/operations/polling.h"

// What can be done with sandboxes, as the SDKs' Daytona class means it: requests are followed by waits, and a wait has
// one limit for everything. Requests are already validated. Errors are those of the contract (daytona_service.proto).
namespace daytonad {

// The SDKs' default for operations that wait.
inline constexpr auto kDefaultWait = std::chrono::seconds(60);

class SandboxOperations {
 public:
  // `creates_at_once`: how many create requests are under way at a time, as many as have a connection each. The others
  // wait their turn here, where one that waits costs least.
  SandboxOperations(Api& api, LogFollower& follower, Clock& clock, Executor executor, size_t creates_at_once)
      : api_(api), follower_(follower), clock_(clock), executor_(executor), create_turns_(creates_at_once) {}

  struct CreateOptions {
    Clock::Duration timeout = kDefaultWait;
    bool wait = true;
    int64_t log_offset = 0;
    // Wants states, log and warnings; may be null. Outlives the call.
    CreateObserver<v1::Sandbox>* observer = nullptr;
  };
  Task<absl::StatusOr<v1::Sandbox>> Create(CallContext context, v1::SandboxSpec spec, CreateOptions options);

  Task<absl::StatusOr<v1::Sandbox>> Get(CallContext context, std::string id_or_name);
  // The first sandbox that has all these labels.
  Task<absl::StatusOr<v1::Sandbox>> FindByLabels(CallContext context,
                                                 google::protobuf::Map<std::string, std::string> labels);
  Task<absl::StatusOr<SandboxPage>> List(CallContext context, SandboxListQuery query, std::string cursor);
  Task<absl::StatusOr<NumberedSandboxPage>> ListByPage(CallContext context, SandboxListQuery query, int page);

  Task<absl::StatusOr<v1::Sandbox>> Start(CallContext context, std::string id_or_name, Clock::Duration timeout,
                                          bool wait);
  Task<absl::StatusOr<v1::Sandbox>> Stop(CallContext context, std::string id_or_name, Clock::Duration timeout,
                                         bool wait, bool force);
  Task<absl::StatusOr<v1::Sandbox>> Delete(CallContext context, std::string id_or_name, Clock::Duration timeout,
                                           bool wait);
  // Waits for any of these states.
  Task<absl::StatusOr<v1::Sandbox>> WaitFor(CallContext context, std::string id_or_name,
                                            std::vector<v1::SandboxState> states, Clock::Duration timeout);

 private:
  // The two halves of a create: the request, and the wait, which keeps `sandbox` up to date.
  Task<absl::Status> PostCreate(WaitContext limits, v1::SandboxSpec spec, v1::Sandbox& created);
  Task<absl::Status> WaitUntilUp(WaitContext limits, v1::Sandbox& sandbox, CreateOptions options);
  Task<absl::StatusOr<v1::Sandbox>> WaitForState(WaitContext context, v1::Sandbox known,
                                                 std::vector<v1::SandboxState> wanted);

  Api& api_;
  LogFollower& follower_;
  Clock& clock_;
  Executor executor_;
  Admission create_turns_;
};

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_OPERATIONS_SANDBOXES_H_
