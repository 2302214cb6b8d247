#ifndef DAYTONAD_EMULATOR_STORAGE_SIGV4_H_
#define DAYTONAD_EMULATOR_STORAGE_SIGV4_H_

#include <optional>

#include "emulator/http/http.h"
#include "emulator/storage/storage.h"

namespace daytonad::emulator {

// Why a request's signature (AWS Signature Version 4, in the Authorization header) is refused; nothing if it is valid.
std::optional<StorageError> SignatureFault(const Request& request, const Storage& storage, WallTime now);

}  // namespace daytonad::emulator

#endif  // DAYTONAD_EMULATOR_STORAGE_SIGV4_H_
