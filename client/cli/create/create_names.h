#ifndef DAYTONAD_CLIENT_CLI_CREATE_CREATE_NAMES_H_
#define DAYTONAD_CLIENT_CLI_CREATE_CREATE_NAMES_H_

#include <string>

#include "client/cpp/error.h"

// However a create ends, its caller can find what it left behind, or resume it.
namespace daytonad::cli {

// A random UUID for a new create.
std::string NewRequestId();

// The name that the daemon gives a sandbox without one: `daytonad-`, then the first 32 hexadecimal digits of the
// request id's SHA-256 (common.proto).
std::string SandboxNameFor(const std::string& request_id);

// Whether the create may still take effect after this error.
bool OutcomeIsOpen(const client::Error& error);

}  // namespace daytonad::cli

#endif  // DAYTONAD_CLIENT_CLI_CREATE_CREATE_NAMES_H_
