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

// Errors as AIP-193 wants them. Inside the daemon an error is an absl::Status whose payloads are the standard details,
// each under its type URL; services/ turns payloads into google.rpc.Status.details one to one. Nothing parses messages.
namespace daytonad {

inline constexpr std::string_view kErrorDomain = "daytonad";
// Abseil's own string_view, since these are keys of its payloads.
inline constexpr absl::string_view kErrorInfoUrl = "type.googleapis.com/google.rpc.ErrorInfo";
inline constexpr absl::string_view kRetryInfoUrl = "type.googleapis.com/google.rpc.RetryInfo";
inline constexpr absl::string_view kBadRequestUrl = "type.googleapis.com/google.rpc.BadRequest";

using ErrorMetadata = std::map<std::string, std::string, std::less<>>;

// An error with an ErrorInfo: `reason` in UPPER_SNAKE_CASE, a message that says what to do.
absl::Status MakeError(absl::StatusCode code, std::string_view reason, std::string_view message,
                       const ErrorMetadata& metadata = {});

// The ErrorInfo's reason; empty if the status has none.
std::string ErrorReason(const absl::Status& status);

// The value of a metadata key of the ErrorInfo, if there is one.
std::optional<std::string> ErrorMetadataValue(const absl::Status& status, std::string_view key);

// The same error with one more metadata entry (an existing key is overwritten).
absl::Status WithErrorMetadata(absl::Status status, std::string_view key, std::string_view value);

// The same error, other words; code and details stay.
absl::Status WithErrorMessage(const absl::Status& status, std::string_view message);

// Adds a RetryInfo: try again in `delay`, not sooner.
absl::Status WithRetryDelay(absl::Status status, std::chrono::milliseconds delay);
std::optional<std::chrono::milliseconds> RetryDelay(const absl::Status& status);

// Upstream could not answer just now, or not in time. Whoever waits or watches goes on in spite of it: its own time
// limit bounds it.
bool IsPassing(const absl::Status& status);

// Collects what is wrong with a request, so that a caller learns of everything at once; of very much, the first things
// and how many there are.
class FieldViolations {
 public:
  // How many are told one by one.
  static constexpr size_t kMaxTold = 16;

  // `field` is a path of proto field names, "spec.volumes[1].mount_path". Of long texts the beginning is kept.
  void Add(std::string_view field, std::string_view description);
  bool empty() const { return violations_.empty(); }

  // OK, or INVALID_ARGUMENT with reason INVALID_REQUEST, the violations in a BadRequest and in the message. If there
  // are more than are told, the message ends with how many more, and the metadata entry `violations` counts all.
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
