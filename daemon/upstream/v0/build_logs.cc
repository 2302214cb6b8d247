#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "daemon/base/absent.h"
#include "daemon/base/absl_view.h"
#include "daemon/base/error.h"
#include "daemon/net/url.h"
#include "daemon/upstream/v0/rest_api.h"
#include "daemon/upstream/v0/transport/errors.h"

namespace daytonad {
namespace {

class HttpByteStream : public ByteStream {
 public:
  explicit HttpByteStream(std::unique_ptr<HttpStream> stream) : stream_(std::move(stream)) {}

  Task<absl::StatusOr<std::string>> Read(CallContext context) override { return stream_->Read(std::move(context)); }

 private:
  std::unique_ptr<HttpStream> stream_;
};

absl::StatusOr<std::string> ReadUrl(const Json& json) {
  std::string url = JsonFields(json).String("url");
  if (url.empty()) return ForeignResponse("it has no `url`");
  return url;
}

// A request about the log of a sandbox or a snapshot. Upstream may hold the one for the log's URL until a machine has
// taken on the build, so both have the streams' connections.
RestRequest LogRequest(LogOwner owner, const std::string& id, std::string last_segment) {
  const bool sandbox = owner == LogOwner::kSandbox;
  RestRequest request(HttpMethod::kGet, Idempotency::kRead,
                      {sandbox ? "sandbox" : "snapshots", id, std::move(last_segment)});
  request.About(sandbox ? Subject::kSandbox : Subject::kSnapshot, id)
      .Through(ConnectionPool::kStreams, Latency::kLongPoll)
      .Tag(sandbox ? "sandbox_id" : "snapshot_id", id);
  return request;
}

// The API itself does not serve the log: it has no such route, whatever answers there. That a log is not there yet, or
// that its owner is gone, is said otherwise.
bool ServesNoLogs(const absl::Status& status) {
  if (IsRouteMissing(status)) return true;
  return ErrorMetadataValue(status, "http_status") == "404" && !IsAbsent(status) &&
         ErrorReason(status) != "BUILD_LOG_UNAVAILABLE";
}

absl::Status UntrustedOrigin(const std::string& url, LogOwner owner, const std::string& id) {
  const absl::StatusOr<Origin> origin = Origin::Of(url);
  if (!origin.ok()) return MalformedResponse("the URL of the build log is invalid");
  const std::string name = origin->ToString();
  return MakeError(absl::StatusCode::kFailedPrecondition, "UNTRUSTED_ORIGIN",
                   absl::StrCat("The build log is on ", name, ", where the daemon may not send its credential, and ",
                                "the API itself does not serve it. If that host belongs to your Daytona, start the ",
                                "daemon with --trusted-origin ", name, "."),
                   {{owner == LogOwner::kSandbox ? "sandbox_id" : "snapshot_id", id}});
}

}  // namespace

Task<absl::StatusOr<std::unique_ptr<ByteStream>>> RestApi::OpenBuildLog(CallContext context, LogOwner owner,
                                                                        std::string id, bool follow) {
  RestRequest url_request = LogRequest(owner, id, "build-logs-url");
  const absl::StatusOr<std::string> url = co_await client_.Fetch(context, std::move(url_request), ReadUrl);
  if (!url.ok() && !IsRouteMissing(url.status())) co_return url.status();
  if (!url.ok()) co_return co_await OpenBuildLogOfApi(context, owner, id, follow);
  if (!client_.Trusts(*url)) {
    absl::StatusOr<std::unique_ptr<ByteStream>> log = co_await OpenBuildLogOfApi(context, owner, id, follow);
    if (!log.ok() && ServesNoLogs(log.status())) co_return UntrustedOrigin(*url, owner, id);
    co_return log;
  }
  RestRequest request = RestRequest::ForUrl(*url);
  request.About(Subject::kBuildLog)
      .Through(ConnectionPool::kStreams, Latency::kLongPoll)
      .Tag(owner == LogOwner::kSandbox ? "sandbox_id" : "snapshot_id", id);
  if (follow) request.AddQuery("follow", "true");
  absl::StatusOr<std::unique_ptr<HttpStream>> stream = co_await client_.Open(context, std::move(request));
  if (!stream.ok()) co_return stream.status();
  co_return std::make_unique<HttpByteStream>(*std::move(stream));
}

Task<absl::StatusOr<std::unique_ptr<ByteStream>>> RestApi::OpenBuildLogOfApi(CallContext context, LogOwner owner,
                                                                             std::string id, bool follow) {
  RestRequest request = LogRequest(owner, id, "build-logs");
  if (follow) request.AddQuery("follow", "true");
  absl::StatusOr<std::unique_ptr<HttpStream>> stream = co_await client_.Open(context, std::move(request));
  if (!stream.ok()) co_return stream.status();
  co_return std::make_unique<HttpByteStream>(*std::move(stream));
}

}  // namespace daytonad
