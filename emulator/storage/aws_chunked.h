#ifndef DAYTONAD_EMULATOR_STORAGE_AWS_CHUNKED_H_
#define DAYTONAD_EMULATOR_STORAGE_AWS_CHUNKED_H_

#include <memory>

#include "emulator/base/spool.h"

namespace daytonad::emulator {

// The content of a body in S3's own chunked form (x-amz-content-sha256: STREAMING-...), which has a signature or a
// checksum beside the chunks; those are not looked at. Null if it is not of that form.
std::shared_ptr<const Spool> DecodeAwsChunked(const Spool& body);

}  // namespace daytonad::emulator

#endif  // DAYTONAD_EMULATOR_STORAGE_AWS_CHUNKED_H_
