#ifndef DAYTONAD_CLIENT_CPP_ERROR_H_
#define DAYTONAD_CLIENT_CPP_ERROR_H_

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <grpcpp/support/status.h>

#include "absl/status/status.h"

namespace daytonad::client {

// Why a call failed, with the details that the daemon sends (the table in daytonad/v1/common.proto). Branch on `code`
// and `reason`, show `message`.
struct Error {
  struct FieldViolation {
    std::string field;  // path in the request: "spec.volumes[1].mount_path"
    std::string description;
  };

  grpc::StatusCode code = grpc::StatusCode::UNKNOWN;
  std::string message;
  // "SANDBOX_NOT_FOUND"; empty if the error did not come from the daemon but from gRPC, as when there is no daemon.
  std::string reason;
  // "sandbox_id", "http_status", ...
  std::map<std::string, std::string> metadata;
  // With INVALID_REQUEST: everything that is wrong with the request.
  std::vector<FieldViolation> violations;
  // How long to wait before a retry, if the daemon says so.
  std::optional<std::chrono::nanoseconds> retry_delay;
};

// The error of a status that is not OK. Ignores details of other kinds and those that do not parse.
Error ErrorFrom(const grpc::Status& status);

// The same for a failure on this side.
Error ErrorFrom(const absl::Status& status);

// "NOT_FOUND"; "CODE_99" for a number that gRPC does not have.
std::string CodeName(grpc::StatusCode code);

}  // namespace daytonad::client

#endif  // DAYTONAD_CLIENT_CPP_ERROR_H_
