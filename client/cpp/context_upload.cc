#include "client/cpp/context_upload.h"

#include <algorithm>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "absl/strings/str_cat.h"

namespace daytonad::client {
namespace {

using Request = v1::UploadBuildContextRequest;

constexpr std::size_t kMessageBytes = 1024 * 1024;

// Sends bytes in messages of kMessageBytes.
class MessageWriter {
 public:
  MessageWriter(grpc::ClientWriter<Request>& writer, const UploadProgress& on_progress)
      : writer_(writer), on_progress_(on_progress) {}

  // False: the daemon takes no more.
  bool Add(std::string_view bytes) {
    std::string& data = *message_.mutable_data();
    while (!bytes.empty()) {
      const std::size_t fits = std::min(bytes.size(), kMessageBytes - data.size());
      data.append(bytes.substr(0, fits));
      bytes.remove_prefix(fits);
      if (data.size() == kMessageBytes && !Flush()) return false;
    }
    return true;
  }

  bool Flush() {
    if (message_.data().empty()) return true;
    if (!writer_.Write(message_)) return false;
    sent_ += static_cast<std::int64_t>(message_.data().size());
    message_.mutable_data()->clear();
    if (on_progress_) on_progress_(sent_);
    return true;
  }

 private:
  grpc::ClientWriter<Request>& writer_;
  const UploadProgress& on_progress_;
  Request message_;
  std::int64_t sent_ = 0;
};

// Sends everything. CANCELLED if the daemon took no more.
absl::Status Send(grpc::ClientWriter<Request>& writer, const ContextSource& source,
                  const v1::BuildContextHeader& header, const UploadProgress& on_progress) {
  Request first;
  *first.mutable_header() = header;
  if (!writer.Write(first)) return absl::CancelledError();
  MessageWriter messages(writer, on_progress);
  const auto packed = PackContext(source, [&](std::string_view bytes) { return messages.Add(bytes); });
  if (!packed.ok()) return packed.status();
  if (packed->header.context_hash() != header.context_hash()) {
    return absl::AbortedError(absl::StrCat("files of ", source.path,
                                           " changed while they were uploaded; repeat this when nobody writes there"));
  }
  return messages.Flush() && writer.WritesDone() ? absl::OkStatus() : absl::CancelledError();
}

}  // namespace

Result<v1::UploadBuildContextResponse> UploadContext(v1::BuildService::Stub& stub, const ContextSource& source,
                                                     const v1::BuildContextHeader& header, grpc::ClientContext& context,
                                                     const UploadProgress& on_progress) {
  Result<v1::UploadBuildContextResponse> result;
  const std::unique_ptr<grpc::ClientWriter<Request>> writer = stub.UploadBuildContext(&context, &result.value);
  const absl::Status sent = Send(*writer, source, header, on_progress);
  const bool failed_here = !sent.ok() && !absl::IsCancelled(sent);
  if (failed_here) context.TryCancel();
  const grpc::Status status = writer->Finish();
  if (!status.ok()) result.error = failed_here ? ErrorFrom(sent) : ErrorFrom(status);
  return result;
}

}  // namespace daytonad::client
