#ifndef DAYTONAD_DAEMON_UPSTREAM_V0_BINDINGS_BOUND_REQUEST_H_
#define DAYTONAD_DAEMON_UPSTREAM_V0_BINDINGS_BOUND_REQUEST_H_

#include <google/protobuf/message.h>

#include <string>

#include "absl/status/status.h"
#include "daemon/upstream/v0/bindings/binding.h"

namespace daytonad {

// Makes the REST request of an RPC's message. `object` is the id or name of the object that the request is about; it
// replaces the one in the message, whose name may have been resolved to an id.
RestRequest MakeBoundRequest(const Binding& binding, const google::protobuf::Message& message,
                             const std::string& object);

// Reads the answer's JSON into the RPC's response. Errors are those of ReadMessage.
absl::Status ReadBoundAnswer(const Binding& binding, const Json& json, google::protobuf::Message& response);

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_UPSTREAM_V0_BINDINGS_BOUND_REQUEST_H_
