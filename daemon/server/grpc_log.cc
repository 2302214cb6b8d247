#include "daemon/server/grpc_log.h"

#include <grpc/support/log.h>

#include <string_view>

#include "absl/strings/str_cat.h"
#include "daemon/base/log.h"

namespace daytonad {

void RedirectGrpcLog() {
  gpr_set_log_function([](gpr_log_func_args* args) {
    const bool last_words = std::string_view(args->message).starts_with("assertion failed");
    const LogField severity("grpc", gpr_log_severity_string(args->severity));
    const LogField place("at", absl::StrCat(args->file, ":", args->line));
    if (last_words) {
      LogLastWords(args->message, {severity, place});
    } else {
      Log(LogLevel::kDebug, args->message, {severity, place});
    }
  });
}

}  // namespace daytonad
