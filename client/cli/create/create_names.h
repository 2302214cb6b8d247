#ifndef DAYTONAD_CLIENT_CLI_CREATE_CREATE_NAMES_H_
#define DAYTONAD_CLIENT_CLI_CREATE_CREATE_NAMES_H_

#include <string>

#include "client/cpp/error.h"

// Whatever ends a create, whoever ran it shall be able to find what it left behind, or to take it up again.
namespace daytonad::cli {

// A UUID, as new creates get one.
std::string NewRequestId();

// The name that the daemon gives a sandbox without one: `daytonad-`, then the first 32 hexadecimal digits of the
// request id's SHA-256 (common.proto).
std::string SandboxNameFor(const std::string& request_id);

// May what was asked for still come about after this error?
bool OutcomeIsOpen(const client::Error& error);

}  // namespace daytonad::cli

#endif  // DAYTONAD_CLIENT_CLI_CREATE_CREATE_NAMES_H_
