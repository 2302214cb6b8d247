#include "daemon/server/grpc_log.h"

#include <grpc/support/log.h>

#include <string_view>

#include "absl/strings/str_cat.h"
#include "daemon/base/log.h"

namespace daytonad {

void RedirectGrpcLog() {
  gpr_set_log_function([](gpr_log_func_args* args) {
    const bool last_words = std::string_view(args->message).starts_with("assertion failed");
    Log(last_words ? LogLevel::kError : LogLevel::kDebug, args->message,
        {{"grpc", gpr_log_severity_string(args->severity)}, {"at", absl::StrCat(args->file, ":", args->line)}});
  });
}

}  // namespace daytonad
