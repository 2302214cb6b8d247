#ifndef DAYTONAD_DAEMON_API_FORWARDED_CALL_H_
#define DAYTONAD_DAEMON_API_FORWARDED_CALL_H_

#include <google/protobuf/message.h>

#include <memory>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "daemon/api/deterministic_bytes.h"
#include "daemon/api/operation.h"

namespace daytonad {

// An RPC that only passes through: one upstream request, with a message of the contract in and another one out. What it
// does is given at run time, so one class stands for all of them.
//
// A mutation whose response contains the object (a field of type v1.Sandbox, for example) updates the cache; after any
// other mutation the cached object is unconfirmed.
class ForwardedCall {
 public:
  using Message = google::protobuf::Message;
  using Result = absl::StatusOr<std::shared_ptr<Message>>;

  // `info` has the RPC's name. `response` is an empty message of the response's type, which lives as long as the
  // program.
  ForwardedCall(OperationInfo info, std::shared_ptr<const Message> request, const Message& response)
      : info_(std::move(info)), request_(std::move(request)), response_(&response) {}

  const OperationInfo& info() const { return info_; }
  std::string share_key() const { return DeterministicBytes(*request_); }
  // The request keeps the key that the caller gave: use info().key.
  void set_id(std::string id) {
    info_.key = std::move(id);
    info_.key_form = KeyForm::kId;
  }

  const Message& request() const { return *request_; }
  std::shared_ptr<Message> NewResponse() const { return std::shared_ptr<Message>(response_->New()); }

 private:
  OperationInfo info_;
  std::shared_ptr<const Message> request_;
  const Message* response_;
};

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_API_FORWARDED_CALL_H_
