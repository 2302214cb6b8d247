// BuildHandlers::UploadBuildContext, the one handler whose request is a stream.
#include <algorithm>
#include <optional>
#include <string>
#include <utility>

#include "absl/strings/str_split.h"
#include "daemon/base/error.h"
#include "daemon/operations/build_context/client_bytes.h"
#include "daemon/services/build_handlers.h"
#include "daemon/services/checks/request_checks.h"

namespace daytonad {
namespace {

using Request = v1::UploadBuildContextRequest;

constexpr size_t kMaxArchivePath = 4096;

absl::Status InvalidMessage(std::string_view field, std::string_view problem) {
  FieldViolations violations;
  violations.Add(field, problem);
  return violations.ToStatus();
}

void CheckArchivePath(const std::string& path, FieldViolations& violations) {
  constexpr char kField[] = "header.archive_path";
  const std::vector<absl::string_view> parts = absl::StrSplit(path, '/');
  const bool tidy =
      std::ranges::all_of(parts, [](absl::string_view part) { return !part.empty() && part != "." && part != ".."; });
  if (!tidy || path.size() > kMaxArchivePath) {
    violations.Add(kField, "must be a relative path such as proj/a.txt, without `.`, `..` or empty parts");
  }
  CheckOneLine(kField, path, violations);
}

void CheckHash(const std::string& hash, FieldViolations& violations) {
  const bool is_md5 = hash.size() == 32 && hash.find_first_not_of("0123456789abcdef") == std::string::npos;
  if (!hash.empty() && !is_md5) {
    violations.Add("header.context_hash", "must be an MD5 in 32 lower-case hexadecimal digits, or empty");
  }
}

// The data of the messages that follow the header.
class UploadedBytes final : public ByteStream {
 public:
  explicit UploadedBytes(StreamReader<Request>& reader) : reader_(reader) {}

  Task<absl::StatusOr<std::string>> Read(CallContext context) override {
    while (true) {
      absl::StatusOr<std::optional<Request>> message = co_await reader_.Read(context);
      if (!message.ok()) co_return message.status();
      if (!message->has_value()) co_return std::string();
      if ((*message)->part_case() != Request::kData) {
        co_return InvalidMessage("data", "is all that may follow the first message");
      }
      if (!(*message)->data().empty()) co_return std::move(*(*message)->mutable_data());
    }
  }

 private:
  StreamReader<Request>& reader_;
};

}  // namespace

Task<absl::StatusOr<v1::UploadBuildContextResponse>> BuildHandlers::UploadBuildContext(CallContext context,
                                                                                       StreamReader<Request>* reader) {
  const Clock::TimePoint idle_end = uploads_.idle_end();
  absl::StatusOr<std::optional<Request>> first = co_await reader->Read(context.WithDeadline(idle_end));
  if (absl::IsDeadlineExceeded(first.status()) && idle_end < context.deadline()) {
    co_return UploadStalled(uploads_.max_idle());
  }
  if (!first.ok()) co_return first.status();
  if (!first->has_value() || !(*first)->has_header()) {
    co_return InvalidMessage("header", "is required, as the first message");
  }
  v1::BuildContextHeader& header = *(*first)->mutable_header();
  FieldViolations violations;
  CheckArchivePath(header.archive_path(), violations);
  CheckNotNegative("header.size", header.size(), violations);
  CheckHash(header.context_hash(), violations);
  CheckRequestId(header.request_id(), violations);
  if (!violations.empty()) co_return violations.ToStatus();

  UploadHeader upload;
  upload.archive_path = std::move(*header.mutable_archive_path());
  upload.size = header.size();
  upload.hash = std::move(*header.mutable_context_hash());
  UploadedBytes tar(*reader);
  absl::StatusOr<UploadOutcome> outcome = co_await uploads_.Upload(std::move(context), std::move(upload), tar);
  if (!outcome.ok()) co_return outcome.status();
  v1::UploadBuildContextResponse response;
  response.set_context_hash(std::move(outcome->hash));
  response.set_existed(outcome->existed);
  co_return response;
}

}  // namespace daytonad
