#ifndef DAYTONAD_CLIENT_CLI_SANDBOX_SANDBOX_TABLES_H_
#define DAYTONAD_CLIENT_CLI_SANDBOX_SANDBOX_TABLES_H_

#include <google/protobuf/repeated_ptr_field.h>

#include "client/cli/base/table.h"
#include "daytonad/v1/sandbox.pb.h"

namespace daytonad::cli {

// One line for each.
Table SandboxTable(const google::protobuf::RepeatedPtrField<v1::Sandbox>& sandboxes);

// One line for each known property.
Table SandboxDetails(const v1::Sandbox& sandbox);

}  // namespace daytonad::cli

#endif  // DAYTONAD_CLIENT_CLI_SANDBOX_SANDBOX_TABLES_H_
