#ifndef DAYTONAD_CLIENT_CLI_BASE_JSON_H_
#define DAYTONAD_CLIENT_CLI_BASE_JSON_H_

#include <string>

#include <google/protobuf/message.h>

#include "client/cpp/error.h"

namespace daytonad::cli {

// A message as proto JSON with the field names of the .proto files (`state_text`, not `stateText`), so that the
// contract's comments document the output. Fields without presence are always included, empty lists as [], so that jq
// needs no special cases. Ends with a newline; `pretty` adds line breaks.
std::string ToJson(const google::protobuf::Message& message, bool pretty);

// An error as one line of JSON:
//   {"error":{"code":"NOT_FOUND","message":"...","reason":"SANDBOX_NOT_FOUND","metadata":{...},
//    "field_violations":[{"field":"...","description":"..."}],"retry_delay_seconds":1.5}}
// `reason`, `metadata`, `field_violations` and `retry_delay_seconds` are present if the error has them. The order is
// not fixed.
std::string ErrorToJson(const client::Error& error);

}  // namespace daytonad::cli

#endif  // DAYTONAD_CLIENT_CLI_BASE_JSON_H_
