#ifndef DAYTONAD_CLIENT_CLI_SANDBOX_SANDBOX_FLAGS_H_
#define DAYTONAD_CLIENT_CLI_SANDBOX_SANDBOX_FLAGS_H_

#include <string>

#include <CLI/CLI.hpp>

#include "daytonad/v1/sandbox.pb.h"

namespace daytonad::cli {

// The flags of `sandbox create`. They fill in `spec`, which must outlive the command. `context` becomes the directory
// of
// --context, which goes with a Dockerfile.
void AddSandboxSpecFlags(CLI::App* command, v1::SandboxSpec* spec, std::string* context);

// The flags of `sandbox list` that choose sandboxes.
void AddSandboxFilterFlags(CLI::App* command, v1::SandboxFilter* filter);

}  // namespace daytonad::cli

#endif  // DAYTONAD_CLIENT_CLI_SANDBOX_SANDBOX_FLAGS_H_
