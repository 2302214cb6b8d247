#ifndef DAYTONAD_DAEMON_BASE_ERROR_H_
#define DAYTONAD_DAEMON_BASE_ERROR_H_

#include <chrono>
#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

// AIP-193 errors. Inside the daemon an error is an absl::Status with the standard details as payloads, each under its
// type URL; services/ converts payloads to google.rpc.Status.details one to one. No code parses messages.
namespace daytonad {

inline constexpr std::string_view kErrorDomain = "daytonad";
// Abseil's own string_view: these are keys of its payloads.
inline constexpr absl::string_view kErrorInfoUrl = "type.googleapis.com/google.rpc.ErrorInfo";
inline constexpr absl::string_view kRetryInfoUrl = "type.googleapis.com/google.rpc.RetryInfo";
inline constexpr absl::string_view kBadRequestUrl = "type.googleapis.com/google.rpc.BadRequest";

using ErrorMetadata = std::map<std::string, std::string, std::less<>>;

// An error with an ErrorInfo: `reason` in UPPER_SNAKE_CASE, and a message that says what to do.
absl::Status MakeError(absl::StatusCode code, std::string_view reason, std::string_view message,
                       const ErrorMetadata& metadata = {});

// The ErrorInfo's reason; empty if the status has none.
std::string ErrorReason(const absl::Status& status);

// The value of a metadata key of the ErrorInfo, if there is one.
std::optional<std::string> ErrorMetadataValue(const absl::Status& status, std::string_view key);

// The same error with one more metadata entry (an existing key is overwritten).
absl::Status WithErrorMetadata(absl::Status status, std::string_view key, std::string_view value);

// The same error with another message; code and details stay.
absl::Status WithErrorMessage(const absl::Status& status, std::string_view message);

// Adds a RetryInfo: try again in `delay`, not sooner.
absl::Status WithRetryDelay(absl::Status status, std::chrono::milliseconds delay);
std::optional<std::chrono::milliseconds> RetryDelay(const absl::Status& status);

// A transient error: upstream could not answer now, or not in time. Waits and watches retry it within their own time
// limit.
bool IsPassing(const absl::Status& status);

// Collects the violations of a request, so that a caller sees all of them at once; of many, the first ones and their
// number.
class FieldViolations {
 public:
  // How many are listed one by one.
  static constexpr size_t kMaxTold = 16;

  // `field` is a path of proto field names, "spec.volumes[1].mount_path". Long texts are cut.
  void Add(std::string_view field, std::string_view description);
  bool empty() const { return violations_.empty(); }

  // OK, or INVALID_ARGUMENT (INVALID_REQUEST) with the violations in a BadRequest and in the message. If there are more
  // than are listed, the message ends with the number of the rest, and the metadata entry `violations` counts all.
  absl::Status ToStatus() const;

 private:
  struct Violation {
    std::string field;
    std::string description;
  };
  std::vector<Violation> violations_;
  size_t untold_ = 0;
};

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_BASE_ERROR_H_
