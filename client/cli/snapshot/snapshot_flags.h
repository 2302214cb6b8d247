#ifndef DAYTONAD_CLIENT_CLI_SNAPSHOT_SNAPSHOT_FLAGS_H_
#define DAYTONAD_CLIENT_CLI_SNAPSHOT_SNAPSHOT_FLAGS_H_

#include <string>

#include <CLI/CLI.hpp>

#include "daytonad/v1/snapshot.pb.h"

namespace daytonad::cli {

// The flags of `snapshot create`. They fill in `spec`, which must outlive the command. `context` becomes the directory
// of
// --context, which goes with a Dockerfile.
void AddSnapshotSpecFlags(CLI::App* command, v1::SnapshotSpec* spec, std::string* context);

}  // namespace daytonad::cli

#endif  // DAYTONAD_CLIENT_CLI_SNAPSHOT_SNAPSHOT_FLAGS_H_
