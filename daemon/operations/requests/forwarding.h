#ifndef DAYTONAD_DAEMON_OPERATIONS_REQUESTS_FORWARDING_H_
#define DAYTONAD_DAEMON_OPERATIONS_REQUESTS_FORWARDING_H_

#include <google/protobuf/message.h>

#include <memory>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "daemon/api/forwarded_call.h"
#include "daemon/base/call_context.h"
#include "daemon/base/task.h"
#include "daemon/operations/base/dependencies.h"
#include "daemon/operations/requests/idempotency_store.h"
#include "daytonad/v1/sandbox.pb.h"

namespace daytonad {

// Fills in a response about a sandbox: the sandbox itself, or those of its fields that the response has, too.
void FillFromSandbox(const v1::Sandbox& sandbox, google::protobuf::Message& response);

// RPCs that only pass through: one request to upstream each. Which request it is stands in upstream/v0/bindings/.
class ForwardingOperations {
 public:
  explicit ForwardingOperations(const Dependencies& dependencies) : dependencies_(dependencies) {}

  // Sends an idempotent mutation of a sandbox, once per request id.
  template <typename Response>
  Task<absl::StatusOr<Response>> MutateSandbox(CallContext context, std::string id_or_name,
                                               std::shared_ptr<const google::protobuf::Message> request) {
    IdempotencyStore::Mutation<Response> once = [this, id_or_name, request](CallContext own) {
      return Send<Response>(std::move(own), id_or_name, request);
    };
    MutationResult<Response> result;
    absl::Status status = co_await dependencies_.requests.Once(std::move(context), std::move(once), result);
    if (!status.ok()) co_return status;
    co_return std::move(result.object);
  }

 private:
  template <typename Response>
  Task<absl::StatusOr<Response>> Send(CallContext context, std::string id_or_name,
                                      std::shared_ptr<const google::protobuf::Message> request) {
    const ForwardedCall::Result response = co_await SendMessage(std::move(context), std::move(id_or_name),
                                                                std::move(request), Response::default_instance());
    if (!response.ok()) co_return response.status();
    co_return static_cast<const Response&>(**response);  // a copy: others may hold it, too
  }
  Task<ForwardedCall::Result> SendMessage(CallContext context, std::string id_or_name,
                                          std::shared_ptr<const google::protobuf::Message> request,
                                          const google::protobuf::Message& response);

  const Dependencies dependencies_;
};

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_OPERATIONS_REQUESTS_FORWARDING_H_
