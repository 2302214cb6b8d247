#include "daemon/operations/build_context/client_bytes.h"

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "daemon/base/error.h"

namespace daytonad {
namespace {

// How often to check whether others have begun to wait.
constexpr auto kPollInterval = std::chrono::seconds(1);

}  // namespace

Task<absl::StatusOr<std::string>> ClientBytes::Read(CallContext context) {
  while (true) {
    const Clock::TimePoint begin = clock_.Now();
    const Clock::Duration left = Limit() - waited_;
    if (left <= Clock::Duration::zero()) co_return UploadStalled(waited_);
    absl::StatusOr<std::string> bytes =
        co_await stream_.Read(context.WithDeadline(begin + std::min<Clock::Duration>(left, kPollInterval)));
    waited_ += clock_.Now() - begin;
    if (bytes.ok()) {
      begun_ = true;
      progress_ += bytes->size();
      if (progress_ >= kProgress) {
        progress_ = 0;
        waited_ = {};
      }
      co_return bytes;
    }
    const bool only_waited = absl::IsDeadlineExceeded(bytes.status()) && context.Check(clock_.Now()).ok();
    if (!only_waited) co_return bytes;
  }
}

absl::Status UploadStalled(Clock::Duration idle) {
  const double seconds = std::chrono::duration<double>(idle).count();
  return MakeError(absl::StatusCode::kAborted, "STREAM_STALLED",
                   absl::StrCat("The client has sent no, or almost no, data of its build context for ", seconds,
                                " s (--max-upload-idle; less while other uploads wait). Send it again when all of it "
                                "is there."));
}

}  // namespace daytonad
