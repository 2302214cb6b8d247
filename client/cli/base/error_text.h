#ifndef DAYTONAD_CLIENT_CLI_BASE_ERROR_TEXT_H_
#define DAYTONAD_CLIENT_CLI_BASE_ERROR_TEXT_H_

#include <string>

#include "client/cpp/error.h"
#include "daytonad/v1/common.pb.h"

namespace daytonad::cli {

// An error for people, several lines: the message, what is wrong with which field, when to try again, then code, reason
// and what is known of the objects and requests behind it.
std::string ErrorToText(const client::Error& error);

// The error to show for one that did not come from the daemon: says that there is none at `address` and how to start
// it, or that the connection broke. `was_connected` tells the two apart. Other errors are returned as they are.
client::Error ExplainConnection(client::Error error, const std::string& address, bool was_connected);

// A warning as one line for people.
std::string WarningLine(const v1::Warning& warning);

// A stream ended with OK before its result came: a defect of the daemon.
client::Error EndedWithoutResult();

}  // namespace daytonad::cli

#endif  // DAYTONAD_CLIENT_CLI_BASE_ERROR_TEXT_H_
