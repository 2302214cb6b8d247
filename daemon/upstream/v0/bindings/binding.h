#ifndef DAYTONAD_DAEMON_UPSTREAM_V0_BINDINGS_BINDING_H_
#define DAYTONAD_DAEMON_UPSTREAM_V0_BINDINGS_BINDING_H_

#include <string_view>
#include <vector>

#include "daemon/net/http/http_client.h"
#include "daemon/upstream/v0/codecs/message_json.h"
#include "daemon/upstream/v0/transport/refusals.h"
#include "daemon/upstream/v0/transport/rest_request.h"

namespace daytonad {

// Where a request goes.
enum class RestBase {
  kApi,      // the API's base URL
  kToolbox,  // the daemon inside a sandbox, by the URL that its sandbox has
};

// A parameter of a request's query.
struct QueryBinding {
  std::string_view field{};
  std::string_view name{};
};

// How an RPC that only passes through becomes one request of the REST API: a row of a table.
//
//   {.rpc = "SetSandboxAutoStop", .method = HttpMethod::kPost,
//    .path = "sandbox/{sandbox}/autostop/{minutes}", .answer = "sandbox"}
struct Binding {
  // The RPC's name. Its request is the message of the same name with "Request" behind it.
  std::string_view rpc{};
  HttpMethod method = HttpMethod::kGet;
  RestBase base = RestBase::kApi;
  // Below the base. `{field}` is the value of a field of the request.
  std::string_view path{};
  // Fields in the query, if they have a value.
  std::vector<QueryBinding> query{};
  // Whether the request has a JSON body: the fields that are in neither path nor query, and are not the daemon's own
  // (`request_id`, `timeout`, `wait`, `max_age`).
  bool body = false;
  // Where the answer's JSON goes: a field of the response; empty: the response itself.
  std::string_view answer{};
  // Where JSON and messages differ, of request and response.
  FieldMappings mappings{};
  // What some refusals mean for this request only (refusals.h).
  std::vector<Refusal> refusals{};
  Idempotency idempotency = Idempotency::kIdempotentWrite;
  std::string_view throttler = kGeneralThrottler;
  // What the request is about. Its field in the request is `{field}`, the first of the path; a toolbox has it in its
  // base.
  Subject subject = Subject::kSandbox;
};

// The row of the RPC that has this request; null if it has none.
const Binding* FindBinding(const google::protobuf::Message& request);

// All rows.
const std::vector<Binding>& Bindings();

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_UPSTREAM_V0_BINDINGS_BINDING_H_
