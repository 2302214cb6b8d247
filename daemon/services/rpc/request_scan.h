#ifndef DAYTONAD_DAEMON_SERVICES_RPC_REQUEST_SCAN_H_
#define DAYTONAD_DAEMON_SERVICES_RPC_REQUEST_SCAN_H_

#include <google/protobuf/descriptor.h>
#include <grpcpp/support/byte_buffer.h>

#include <cstddef>

#include "absl/status/status.h"

namespace daytonad {

// The limits of every request. The content of files (fields of type `bytes`) does not count: the limit of the whole
// message bounds it.
inline constexpr size_t kMaxTextBytes = size_t{512} << 10;
// Entries per list and per map field, over the whole request; also for unknown fields.
inline constexpr int kMaxEntries = 1000;

// Scans the bytes of a message of this type before it is parsed. Parsing, checking and copying a million labels would
// take seconds and hundreds of MiB; counting them takes less time than receiving them.
//
// RESOURCE_EXHAUSTED (REQUEST_TOO_LARGE) with the `limit`; INVALID_ARGUMENT (INVALID_REQUEST) with the field that has
// too many entries; INVALID_ARGUMENT (UNPARSABLE_REQUEST) for bytes that are no message.
absl::Status ScanRequest(const grpc::ByteBuffer& bytes, const google::protobuf::Descriptor& type);

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_SERVICES_RPC_REQUEST_SCAN_H_
