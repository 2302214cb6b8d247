#include "daemon/server/grpc_log.h"

#include <grpc/support/log.h>

#include <string_view>

#include "absl/strings/str_cat.h"
#include "daemon/base/log.h"

namespace daytonad {

void RedirectGrpcLog() {
  gpr_set_log_function([](gpr_log_func_args* args) {
    // The text goes into a field: it contains addresses, and a log line's message is constant.
    const LogField text("text", args->message);
    const LogField severity("grpc", gpr_log_severity_string(args->severity));
    const LogField place("at", absl::StrCat(args->file, ":", args->line));
    if (std::string_view(args->message).starts_with("assertion failed")) {
      LogLastWords("gRPC aborts, the process ends", {text, severity, place});
    } else if (args->severity == GPR_LOG_SEVERITY_ERROR) {
      Log(LogLevel::kError, "gRPC reports an error", {text, severity, place});
    } else {
      Log(LogLevel::kDebug, "gRPC says", {text, severity, place});
    }
  });
}

}  // namespace daytonad
