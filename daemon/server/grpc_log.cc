#include "daemon/server/grpc_log.h"

#include <grpc/support/log.h>

#include "absl/strings/str_cat.h"
#include "daemon/base/log.h"

namespace daytonad {

void RedirectGrpcLog() {
  gpr_set_log_function([](gpr_log_func_args* args) {
    const bool is_error = args->severity == GPR_LOG_SEVERITY_ERROR;
    // The text varies, with addresses in it; what is said first stays the same.
    Log(is_error ? LogLevel::kError : LogLevel::kDebug, is_error ? "gRPC reports an error" : "gRPC says",
        {{"text", args->message},
         {"grpc", gpr_log_severity_string(args->severity)},
         {"at", absl::StrCat(args->file, ":", args->line)}});
  });
}

}  // namespace daytonad
