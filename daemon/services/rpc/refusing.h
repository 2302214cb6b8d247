#ifndef DAYTONAD_DAEMON_SERVICES_RPC_REFUSING_H_
#define DAYTONAD_DAEMON_SERVICES_RPC_REFUSING_H_

#include <grpcpp/support/status.h>

namespace daytonad {

// The reactor of a stream that is rejected at once.
template <typename Reactor>
class Refusing final : public Reactor {
 public:
  explicit Refusing(const grpc::Status& status) { this->Finish(status); }
  void OnDone() override { delete this; }
  bool InternalInlineable() override { return true; }  // as UnaryReactor
};

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_SERVICES_RPC_REFUSING_H_
