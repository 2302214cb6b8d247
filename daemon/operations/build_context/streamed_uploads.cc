#include "daemon/operations/build_context/streamed_uploads.h"

#include <memory>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "daemon/base/error.h"
#include "daemon/operations/build_context/context_content.h"
#include "daemon/operations/build_context/context_hash.h"
#include "daemon/operations/build_context/tar_context.h"

namespace daytonad {
namespace {

absl::Status WrongSize(int64_t announced, std::string_view problem) {
  return MakeError(absl::StatusCode::kInvalidArgument, "INVALID_REQUEST",
                   absl::StrCat("The header announced ", announced, " bytes of tar, and ",
                                absl::string_view(problem.data(), problem.size()), " came."));
}

// A client's tar, checked while it is read: that it is one, its announced size, its announced hash. It ends well only
// if all of that is right. On the way, its bytes can be put into a file.
class CheckedTar final : public ByteStream {
 public:
  CheckedTar(UploadHeader header, ByteStream& tar, WorkPool& pool, SpoolFile* file = nullptr)
      : header_(std::move(header)),
        tar_(tar),
        pool_(pool),
        file_(file),
        hash_(header_.archive_path),
        context_(header_.archive_path, TarContext::Names::kFromRoot, hash_) {}

  Task<absl::StatusOr<std::string>> Read(CallContext context) override {
    absl::StatusOr<std::string> bytes = co_await tar_.Read(std::move(context));
    if (!bytes.ok()) co_return bytes.status();
    size_ += static_cast<int64_t>(bytes->size());
    if (header_.size > 0 && size_ > header_.size) co_return WrongSize(header_.size, "more");
    if (file_ != nullptr && header_.size == 0) {
      absl::Status reserved = file_->Reserve(static_cast<int64_t>(bytes->size()));
      if (!reserved.ok()) co_return reserved;
    }
    auto check = [this, &bytes] { return bytes->empty() ? CheckEnd() : CheckBytes(*bytes); };
    absl::Status checked = co_await RunOnPool(pool_, std::move(check));
    if (!checked.ok()) co_return checked;
    co_return bytes;
  }

  // Once it has ended.
  const std::string& hash() const { return found_hash_; }

 private:
  absl::Status CheckBytes(std::string_view bytes) {
    absl::Status status = context_.Feed(bytes);
    if (status.ok() && file_ != nullptr) status = file_->Append(bytes);
    return status;
  }
  absl::Status CheckEnd() {
    if (header_.size > 0 && size_ < header_.size) return WrongSize(header_.size, absl::StrCat("only ", size_));
    absl::Status status = context_.Finish();
    if (!status.ok()) return status;
    found_hash_ = hash_.Finish();
    if (header_.hash.empty() || header_.hash == found_hash_) return absl::OkStatus();
    return MakeError(absl::StatusCode::kInvalidArgument, "CONTEXT_HASH_MISMATCH",
                     absl::StrCat("The build context has the hash ", found_hash_, " and not ", header_.hash,
                                  ". Compute it over the entries in the order of the tar, or leave it out."),
                     {{"context_hash", found_hash_}});
  }

  const UploadHeader header_;
  ByteStream& tar_;
  WorkPool& pool_;
  SpoolFile* const file_;
  ContextHash hash_;
  TarContext context_;
  int64_t size_ = 0;
  std::string found_hash_;
};

class SpooledTar final : public ByteStream {
 public:
  SpooledTar(const SpoolFile& file, WorkPool& pool) : file_(file), pool_(pool) {}

  Task<absl::StatusOr<std::string>> Read(CallContext) override {
    auto read = [this] { return file_.Read(offset_, kStepBytes); };
    absl::StatusOr<std::string> bytes = co_await RunOnPool(pool_, std::move(read));
    if (bytes.ok()) offset_ += static_cast<int64_t>(bytes->size());
    co_return bytes;
  }

 private:
  const SpoolFile& file_;
  WorkPool& pool_;
  int64_t offset_ = 0;
};

}  // namespace

Task<absl::StatusOr<UploadOutcome>> StreamedUploads::Upload(CallContext context, UploadHeader header, ByteStream& tar) {
  if (!header.hash.empty()) co_return co_await SendThrough(std::move(context), std::move(header), tar);
  if (spool_ == nullptr) {
    co_return MakeError(absl::StatusCode::kFailedPrecondition, "CONTEXT_HASH_REQUIRED",
                        "The daemon has no --spool-dir, and so takes only uploads whose header gives the context's "
                        "hash. Compute it, or have the daemon started with --spool-dir.");
  }
  SpoolFile file(*spool_);
  absl::StatusOr<UploadOutcome> outcome = co_await SpoolAndSend(std::move(context), std::move(header), tar, file);
  auto close = [&file] { return file.Close(); };  // gives much space back, perhaps slowly
  co_await RunOnPool(pool_, std::move(close));
  co_return outcome;
}

Task<absl::StatusOr<UploadOutcome>> StreamedUploads::SendThrough(CallContext context, UploadHeader header,
                                                                 ByteStream& tar) {
  absl::StatusOr<std::unique_ptr<ContextStore>> store = co_await api_.OpenContextStore(context);
  if (!store.ok()) co_return store.status();
  UploadOutcome outcome;
  outcome.hash = header.hash;
  CheckedTar checked(std::move(header), tar, pool_);
  absl::StatusOr<bool> existed = co_await uploads_.MakePresent(std::move(context), **store, outcome.hash, checked);
  if (!existed.ok()) co_return existed.status();
  outcome.existed = *existed;
  co_return outcome;
}

Task<absl::StatusOr<UploadOutcome>> StreamedUploads::SpoolAndSend(CallContext context, UploadHeader header,
                                                                  ByteStream& tar, SpoolFile& file) {
  absl::Status reserved = file.Reserve(header.size);
  if (!reserved.ok()) co_return reserved;
  UploadOutcome outcome;
  {
    CheckedTar arriving(std::move(header), tar, pool_, &file);
    absl::StatusOr<std::string> bytes;
    do {
      bytes = co_await arriving.Read(context);
      if (!bytes.ok()) co_return bytes.status();
    } while (!bytes->empty());
    outcome.hash = arriving.hash();
  }
  absl::StatusOr<std::unique_ptr<ContextStore>> store = co_await api_.OpenContextStore(context);
  if (!store.ok()) co_return store.status();
  SpooledTar spooled(file, pool_);
  absl::StatusOr<bool> existed = co_await uploads_.MakePresent(std::move(context), **store, outcome.hash, spooled);
  if (!existed.ok()) co_return existed.status();
  outcome.existed = *existed;
  co_return outcome;
}

}  // namespace daytonad
