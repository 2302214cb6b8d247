#ifndef DAYTONAD_DAEMON_BASE_ERROR_METADATA_H_
#define DAYTONAD_DAEMON_BASE_ERROR_METADATA_H_

#include "absl/status/status.h"

namespace daytonad {

// The same error with all metadata of another one, for what it has no entry of its own: an error that takes the place
// of another still tells what it was about.
absl::Status WithMetadataOf(absl::Status status, const absl::Status& other);

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_BASE_ERROR_METADATA_H_
