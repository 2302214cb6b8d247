#ifndef DAYTONAD_DAEMON_BASE_ERROR_METADATA_H_
#define DAYTONAD_DAEMON_BASE_ERROR_METADATA_H_

#include "absl/status/status.h"

namespace daytonad {

// Adds the metadata of another error, for keys that this one lacks: an error that replaces another keeps its context.
absl::Status WithMetadataOf(absl::Status status, const absl::Status& other);

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_BASE_ERROR_METADATA_H_
