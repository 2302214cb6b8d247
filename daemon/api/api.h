#ifndef DAYTONAD_DAEMON_API_API_H_
#define DAYTONAD_DAEMON_API_API_H_

#include <optional>
#include <tuple>

#include "absl/status/status.h"
#include "daemon/api/build_logs.h"
#include "daemon/api/context_store.h"
#include "daemon/api/operations.h"
#include "daemon/api/server_version.h"
#include "daemon/base/call_context.h"
#include "daemon/base/task.h"

// Daytona's API, in the contract's own messages. It neither waits nor adds defaults, and hides HTTP. operations/ builds
// on it and does not know its implementations: upstream/ implements it over REST, and state/ decorates another
// implementation.
//
//   absl::StatusOr<v1::Sandbox> sandbox = co_await api.Run(context, GetSandbox(id));
//
// Every error is AIP-193 (base/error.h).
namespace daytonad {

// Runs one kind of operation.
template <typename Op>
class Runs {
 public:
  virtual Task<typename Op::Result> Run(CallContext context, Op op) = 0;

 protected:
  ~Runs() = default;
};

template <typename List>
class RunsAll;
template <typename... Ops>
class RunsAll<std::tuple<Ops...>> : public Runs<Ops>... {
 public:
  using Runs<Ops>::Run...;

 protected:
  ~RunsAll() = default;
};

// Streams, the probe and the version are methods: they are neither cached nor shared, have no key, and mutate nothing,
// so generic code has nothing to do for them.
class Api : public RunsAll<Operations>, public BuildLogApi, public BuildContextApi {
 public:
  // OK if Daytona answers and accepts the credential.
  virtual Task<absl::Status> Ping(CallContext context) = 0;

  // Daytona's version as of its last answer; nullopt before the first one.
  virtual std::optional<ServerVersion> server_version() const = 0;
};

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_API_API_H_
