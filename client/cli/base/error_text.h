#ifndef DAYTONAD_CLIENT_CLI_BASE_ERROR_TEXT_H_
#define DAYTONAD_CLIENT_CLI_BASE_ERROR_TEXT_H_

#include <string>

#include "client/cpp/error.h"
#include "daytonad/v1/common.pb.h"

namespace daytonad::cli {

// Formats an error for people, on several lines: the message, the field violations, when to try again, the code, the
// reason and the metadata.
std::string ErrorToText(const client::Error& error);

// Explains an error that gRPC itself made: no daemon answers at `address` (and how to start one) or, if
// `was_connected`, the connection broke. Returns other errors unchanged.
client::Error ExplainConnection(client::Error error, const std::string& address, bool was_connected);

// A warning as one line for people.
std::string WarningLine(const v1::Warning& warning);

// The error for a stream that ended with OK but without a result: a bug in the daemon.
client::Error EndedWithoutResult();

}  // namespace daytonad::cli

#endif  // DAYTONAD_CLIENT_CLI_BASE_ERROR_TEXT_H_
