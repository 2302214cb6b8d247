#ifndef DAYTONAD_CLIENT_CLI_SPEC_FLAGS_H_
#define DAYTONAD_CLIENT_CLI_SPEC_FLAGS_H_

#include <string>

#include <CLI/CLI.hpp>

#include "daytonad/v1/sandbox.pb.h"
#include "daytonad/v1/snapshot.pb.h"

namespace daytonad::cli {

// The flags of `sandbox create`, `snapshot create` and `sandbox list` that fill in a message. It must outlive the
// command. `context` becomes the directory of --context, which goes with a Dockerfile.
void AddSandboxSpecFlags(CLI::App* command, v1::SandboxSpec* spec, std::string* context);
void AddSnapshotSpecFlags(CLI::App* command, v1::SnapshotSpec* spec, std::string* context);
void AddSandboxFilterFlags(CLI::App* command, v1::SandboxFilter* filter);

}  // namespace daytonad::cli

#endif  // DAYTONAD_CLIENT_CLI_SPEC_FLAGS_H_
