#ifndef DAYTONAD_CLIENT_CLI_TESTING_RUN_COMMAND_H_
#define DAYTONAD_CLIENT_CLI_TESTING_RUN_COMMAND_H_

#include <sstream>
#include <string>
#include <vector>

#include <google/protobuf/text_format.h>

#include "client/cli/app.h"
#include "client/cli/base/cancellation.h"
#include "client/cli/testing/fake_daemon.h"

namespace daytonad::cli {

struct CommandOutcome {
  int exit_code = -1;
  std::string out;
  std::string err;
};

// Runs a command line inside the test against `address`; `width`: of the terminal that it writes to, 0: none.
inline CommandOutcome RunCommand(const std::string& address, std::vector<std::string> arguments, int width = 0) {
  std::ostringstream out;
  std::ostringstream err;
  Console console{out, err, width, width};
  Cancellation cancellation;
  arguments.insert(arguments.begin(), {"--address", address});
  CommandOutcome outcome;
  outcome.exit_code = Run(std::move(arguments), console, cancellation);
  outcome.out = out.str();
  outcome.err = err.str();
  return outcome;
}

inline CommandOutcome RunCommand(const FakeDaemon& daemon, std::vector<std::string> arguments, int width = 0) {
  return RunCommand(daemon.address(), std::move(arguments), width);
}

// A message from its text form; an empty one if that does not parse.
template <typename Message>
Message FromText(const std::string& text) {
  Message message;
  if (!google::protobuf::TextFormat::ParseFromString(text, &message)) message.Clear();
  return message;
}

}  // namespace daytonad::cli

#endif  // DAYTONAD_CLIENT_CLI_TESTING_RUN_COMMAND_H_
