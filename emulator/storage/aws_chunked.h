#ifndef DAYTONAD_EMULATOR_STORAGE_AWS_CHUNKED_H_
#define DAYTONAD_EMULATOR_STORAGE_AWS_CHUNKED_H_

#include <memory>

#include "emulator/base/spool.h"

namespace daytonad::emulator {

// Decodes a body in S3's own chunked form (x-amz-content-sha256: STREAMING-...). Ignores the chunks' signatures and
// checksums. Null if the body does not have that form.
std::shared_ptr<const Spool> DecodeAwsChunked(const Spool& body);

}  // namespace daytonad::emulator

#endif  // DAYTONAD_EMULATOR_STORAGE_AWS_CHUNKED_H_
