#include "daemon/upstream/v0/storage/context_store.h"

#include <algorithm>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "daemon/api/context_limit.h"
#include "daemon/base/absl_view.h"
#include "daemon/base/error.h"
#include "daemon/base/log.h"
#include "daemon/base/secret.h"
#include "daemon/upstream/v0/rest_api.h"

namespace daytonad {
namespace {

// What upstream's older versions, and the SDKs, mean when they name none.
constexpr std::string_view kDefaultBucket = "daytona-volume-builds";
constexpr std::string_view kDefaultRegion = "us-east-1";

static_assert(PartLimits().part_size * PartLimits().max_parts == kMaxContextBytes);

// Each hash is part of an object's key.
absl::Status CheckHash(const std::string& hash) {
  if (!hash.empty() && std::all_of(hash.begin(), hash.end(), [](unsigned char c) { return absl::ascii_isxdigit(c); })) {
    return absl::OkStatus();
  }
  FieldViolations violations;
  violations.Add("context_hash", "must be hexadecimal digits");
  return violations.ToStatus();
}

class S3ContextUpload final : public ContextUpload {
 public:
  S3ContextUpload(ObjectStorage& storage, ObjectStorage::Key key, absl::Status status, PartLimits limits)
      : storage_(storage), key_(std::move(key)), status_(std::move(status)), limits_(limits) {}

  ~S3ContextUpload() override {
    if (upload_id_.empty()) return;
    Log(LogLevel::kDebug, "an upload of a build context was neither finished nor aborted; its parts stay in the store");
  }

  Task<absl::Status> Write(CallContext context, std::string bytes) override {
    if (!status_.ok()) co_return status_;
    std::string_view rest = bytes;
    while (!rest.empty()) {
      if (part_ == nullptr) {
        part_ = std::make_shared<std::string>();
        part_->reserve(limits_.part_size);
      }
      // Only when more bytes follow: a single part needs no multipart upload.
      if (part_->size() == limits_.part_size) {
        status_ = co_await SendPart(context);
        if (!status_.ok()) co_return status_;
        continue;
      }
      const std::string_view fitting = rest.substr(0, limits_.part_size - part_->size());
      part_->append(fitting);
      rest.remove_prefix(fitting.size());
    }
    co_return absl::OkStatus();
  }

  Task<absl::Status> Finish(CallContext context) override {
    if (!status_.ok()) co_return status_;
    if (etags_.empty()) {
      ObjectContent whole = part_ != nullptr ? std::move(part_) : std::make_shared<std::string>();
      status_ = co_await storage_.Put(context, key_, std::move(whole));
      co_return status_;
    }
    status_ = co_await SendPart(context);
    if (status_.ok()) status_ = co_await storage_.CompleteUpload(context, key_, upload_id_, etags_);
    if (status_.ok()) upload_id_.clear();
    co_return status_;
  }

  Task<void> Abort(CallContext context) override {
    part_.reset();
    if (upload_id_.empty()) co_return;
    const std::string upload_id = std::exchange(upload_id_, "");
    const absl::Status aborted = co_await storage_.AbortUpload(context, key_, upload_id);
    if (aborted.ok() || ErrorMetadataValue(aborted, "http_status") == "404") co_return;
    Log(LogLevel::kDebug, context, "an upload of a build context could not be aborted; its parts stay in the store",
        {{"error", StdView(aborted.message())}});
  }

 private:
  Task<absl::Status> SendPart(CallContext context) {
    if (etags_.size() == static_cast<size_t>(limits_.max_parts)) co_return TooLarge();
    if (upload_id_.empty()) {
      absl::StatusOr<std::string> upload_id = co_await storage_.BeginUpload(context, key_);
      if (!upload_id.ok()) co_return upload_id.status();
      upload_id_ = *std::move(upload_id);
    }
    const int number = static_cast<int>(etags_.size()) + 1;
    ObjectContent content = std::move(part_);
    absl::StatusOr<std::string> etag =
        co_await storage_.UploadPart(context, key_, upload_id_, number, std::move(content));
    if (!etag.ok()) co_return etag.status();
    etags_.push_back(*std::move(etag));
    co_return absl::OkStatus();
  }

  absl::Status TooLarge() const { return ContextTooLarge(static_cast<int64_t>(limits_.part_size) * limits_.max_parts); }

  ObjectStorage& storage_;
  const ObjectStorage::Key key_;
  absl::Status status_;  // not OK: the upload has failed, and its parts must be aborted
  const PartLimits limits_;
  std::shared_ptr<std::string> part_;  // bytes that were written but not sent; null: none
  std::string upload_id_;              // empty: no multipart upload is in progress
  std::vector<std::string> etags_;     // of the sent parts
};

}  // namespace

absl::StatusOr<StorageAccess> ReadStorageAccess(const Json& json) {
  const JsonFields fields(json);
  for (const std::string_view name : {"accessKey", "secret", "storageUrl", "organizationId"}) {
    if (fields.String(name).empty()) return ForeignResponse(absl::StrCat("it has no `", AbslView(name), "`"));
  }
  absl::StatusOr<BaseUrl> endpoint = BaseUrl::Parse(fields.String("storageUrl"));
  if (!endpoint.ok()) {
    // The error does not repeat the URL.
    const absl::string_view why = absl::StripSuffix(endpoint.status().message(), ".");
    return MalformedResponse(absl::StrCat("its `storageUrl` can't be used: ", why));
  }
  const auto string_or = [&fields](std::string_view name, std::string_view otherwise) {
    std::string value = fields.String(name);
    return value.empty() ? std::string(otherwise) : value;
  };
  StorageSignature signature;
  signature.region = string_or("region", kDefaultRegion);
  signature.access_key = fields.String("accessKey");
  signature.secret_key = Secret(fields.String("secret"));
  signature.session_token = Secret(fields.String("sessionToken"));
  return StorageAccess{*std::move(endpoint), string_or("bucket", kDefaultBucket), fields.String("organizationId"),
                       std::move(signature)};
}

S3ContextStore::S3ContextStore(const StorageAccess& access, HttpClient& http, Clock& clock, RandomFraction random,
                               PartLimits limits)
    : organization_id_(access.organization_id),
      limits_(limits),
      storage_(access.endpoint, access.bucket, access.signature, http, clock, std::move(random)) {}

Task<absl::StatusOr<std::optional<int64_t>>> S3ContextStore::Contains(CallContext context, std::string hash) {
  if (absl::Status status = CheckHash(hash); !status.ok()) co_return status;
  co_return co_await storage_.Contains(std::move(context), KeyOf(hash));
}

std::unique_ptr<ContextUpload> S3ContextStore::Upload(std::string hash) {
  return std::make_unique<S3ContextUpload>(storage_, KeyOf(hash), CheckHash(hash), limits_);
}

ObjectStorage::Key S3ContextStore::KeyOf(const std::string& hash) const {
  return {organization_id_, hash, "context.tar"};
}

Task<absl::StatusOr<std::unique_ptr<ContextStore>>> RestApi::OpenContextStore(CallContext context) {
  RestRequest request(HttpMethod::kGet, Idempotency::kRead, {"object-storage", "push-access"});
  request.About(Subject::kContextStore);
  const absl::StatusOr<StorageAccess> access = co_await client_.Fetch(context, std::move(request), ReadStorageAccess);
  if (!access.ok()) co_return access.status();
  std::unique_ptr<ContextStore> store = std::make_unique<S3ContextStore>(*access, http_, clock_, random_);
  co_return store;
}

}  // namespace daytonad
