#include "daemon/services/page_limit.h"

#include <algorithm>
#include <string>

#include "absl/strings/str_cat.h"
#include "daemon/base/error.h"

namespace daytonad {

void MakeBasic(v1::Sandbox& sandbox) {
  sandbox.set_view(v1::VIEW_BASIC);
  sandbox.clear_build_info();
  sandbox.clear_env();
  sandbox.clear_volumes();
  sandbox.clear_outbound_proxy_url();
  sandbox.clear_otel_endpoint_override();
  sandbox.clear_linked_sandbox_id();
  sandbox.clear_backup_created_at();
}

void MakeBasic(v1::Snapshot& snapshot) {
  snapshot.set_view(v1::VIEW_BASIC);
  snapshot.clear_build_info();
}

absl::Status PageTooLarge(size_t count, size_t bytes) {
  const size_t fitting = std::max<size_t>(1, count * kMaxPageBytes / bytes);
  return MakeError(absl::StatusCode::kResourceExhausted, "PAGE_TOO_LARGE",
                   absl::StrCat("The ", count, " objects of this page have ", bytes, " bytes, and a page has at most ",
                                kMaxPageBytes, ". Ask for a smaller page_size, such as ", fitting, "."),
                   {{"limit", std::to_string(kMaxPageBytes)}});
}

}  // namespace daytonad
