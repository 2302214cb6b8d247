#ifndef DAYTONAD_DAEMON_SERVICES_RPC_REQUEST_SCAN_H_
#define DAYTONAD_DAEMON_SERVICES_RPC_REQUEST_SCAN_H_

#include <google/protobuf/descriptor.h>
#include <grpcpp/support/byte_buffer.h>

#include <cstddef>

#include "absl/status/status.h"

namespace daytonad {

// What a request may have at most, whichever it is. The content of files (fields of type `bytes`) does not count for
// its size: what a whole message may have bounds it.
inline constexpr size_t kMaxTextBytes = size_t{512} << 10;
// In each list and each map, over the whole request; and of fields that this version does not know.
inline constexpr int kMaxEntries = 1000;

// Looks through the bytes of a message of this type before it is parsed. To parse a million labels, to check and to
// copy them takes seconds and hundreds of MiB; to see that they are too many takes less than to receive them.
//
// RESOURCE_EXHAUSTED (REQUEST_TOO_LARGE) with the `limit`; INVALID_ARGUMENT (INVALID_REQUEST) for too many entries,
// which names the field; INVALID_ARGUMENT (UNPARSABLE_REQUEST) for bytes that are no message.
absl::Status ScanRequest(const grpc::ByteBuffer& bytes, const google::protobuf::Descriptor& type);

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_SERVICES_RPC_REQUEST_SCAN_H_
