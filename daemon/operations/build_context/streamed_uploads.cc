#include "daemon/operations/build_context/streamed_uploads.h"

#include <memory>
#include <optional>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "daemon/api/context_limit.h"
#include "daemon/base/error.h"
#include "daemon/operations/build_context/client_bytes.h"
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

// A context's hashes: the daemon's own and, if the announced hash may be of that kind, the Python SDK's.
class Hashes final : public ContextSink {
 public:
  Hashes(const std::string& archive_path, bool with_sdk) : tree_(archive_path) {
    if (with_sdk) sdk_.emplace(archive_path);
  }

  absl::Status OnEntry(const ContextEntry& entry) override {
    absl::Status status = tree_.OnEntry(entry);
    if (status.ok() && sdk_.has_value()) status = sdk_->OnEntry(entry);
    return status;
  }
  absl::Status OnData(std::string_view bytes) override {
    absl::Status status = tree_.OnData(bytes);
    if (status.ok() && sdk_.has_value()) status = sdk_->OnData(bytes);
    return status;
  }

  std::string FinishTree() { return tree_.Finish(); }
  std::string FinishSdk() { return sdk_->Finish(); }

 private:
  TreeHash tree_;
  std::optional<ContextHash> sdk_;
};

// Checks a client's tar while it is read: its format, its announced size, its announced hash of either kind. Ends with
// an error if any of them is wrong. Can also write the bytes to a file.
class CheckedTar final : public ByteStream {
 public:
  CheckedTar(UploadHeader header, ByteStream& tar, WorkPool& pool, SpoolFile* file = nullptr)
      : header_(std::move(header)),
        tar_(tar),
        pool_(pool),
        file_(file),
        hashes_(header_.archive_path, !header_.hash.empty()),
        context_(header_.archive_path, TarContext::Names::kFromRoot, hashes_) {}

  Task<absl::StatusOr<std::string>> Read(CallContext context) override {
    absl::StatusOr<std::string> bytes = co_await tar_.Read(std::move(context));
    if (!bytes.ok()) co_return bytes.status();
    size_ += static_cast<int64_t>(bytes->size());
    if (header_.size > 0 && size_ > header_.size) co_return WrongSize(header_.size, "more");
    if (file_ != nullptr) {
      absl::Status reserved = file_->Reserve(static_cast<int64_t>(bytes->size()));
      if (!reserved.ok()) co_return reserved;
    }
    auto check = [this, &bytes] { return bytes->empty() ? CheckEnd() : CheckBytes(*bytes); };
    absl::Status checked = co_await RunOnPool(pool_, std::move(check));
    if (!checked.ok()) co_return checked;
    co_return bytes;
  }

  // The daemon's own hash, after the end.
  const std::string& hash() const { return tree_hash_; }

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
    tree_hash_ = hashes_.FinishTree();
    if (header_.hash.empty() || header_.hash == tree_hash_) return absl::OkStatus();
    const std::string sdk_hash = hashes_.FinishSdk();
    if (header_.hash == sdk_hash) return absl::OkStatus();
    return MakeError(absl::StatusCode::kInvalidArgument, "CONTEXT_HASH_MISMATCH",
                     absl::StrCat("The build context has the hash ", tree_hash_, ", or ", sdk_hash,
                                  " as the Python SDK makes it, and not ", header_.hash,
                                  ". Compute it over the entries in the order of the tar, or leave it out."),
                     {{"context_hash", tree_hash_}});
  }

  const UploadHeader header_;
  ByteStream& tar_;
  WorkPool& pool_;
  SpoolFile* const file_;
  Hashes hashes_;
  TarContext context_;
  int64_t size_ = 0;
  std::string tree_hash_;
};

Task<absl::Status> ReadAll(CallContext context, ByteStream& stream) {
  while (true) {
    const absl::StatusOr<std::string> bytes = co_await stream.Read(context);
    if (!bytes.ok()) co_return bytes.status();
    if (bytes->empty()) co_return absl::OkStatus();
  }
}

absl::Status HashTaken(const std::string& hash, const std::string& own_hash) {
  return MakeError(absl::StatusCode::kAlreadyExists, "CONTEXT_HASH_TAKEN",
                   absl::StrCat("The storage has another tar under the hash ", hash,
                                ", which may be of another tree: "
                                "its size is not the announced one. Upload this one under its own hash ",
                                own_hash, ", or without one; leave the size out to take what is there."),
                   {{"context_hash", own_hash}});
}

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
                        "The daemon has no --spool-dir, so it takes only uploads whose header gives the context's "
                        "hash. Compute it, or have the daemon started with --spool-dir.");
  }
  SpoolFile file(*spool_);
  absl::StatusOr<UploadOutcome> outcome = co_await SpoolAndSend(std::move(context), std::move(header), tar, file);
  auto close = [&file] { return file.Close(); };  // freeing much space may be slow
  co_await RunOnPool(pool_, std::move(close));
  co_return outcome;
}

Task<absl::StatusOr<UploadOutcome>> StreamedUploads::SendThrough(CallContext context, UploadHeader header,
                                                                 ByteStream& tar) {
  if (header.size > kMaxContextBytes) co_return ContextTooLarge();
  absl::StatusOr<std::unique_ptr<ContextStore>> store = co_await api_.OpenContextStore(context);
  if (!store.ok()) co_return store.status();
  UploadOutcome outcome;
  outcome.hash = header.hash;
  const int64_t size = header.size;
  auto crowded = [this] { return uploads_.crowded(); };
  ClientBytes bytes(tar, clock_, max_idle_, std::move(crowded));
  CheckedTar checked(std::move(header), bytes, pool_);
  const absl::StatusOr<Presence> presence =
      co_await uploads_.MakePresent(context, **store, outcome.hash, size, checked, TarSource::kClient);
  if (!presence.ok()) co_return presence.status();
  outcome.existed = *presence != Presence::kStored;
  if (*presence != Presence::kOtherSize) co_return outcome;
  // It was packed differently, or it is a different tree. Only the daemon's own hash can rule out the latter.
  absl::Status read = co_await ReadAll(std::move(context), checked);
  if (!read.ok()) co_return read;
  if (checked.hash() != outcome.hash) co_return HashTaken(outcome.hash, checked.hash());
  co_return outcome;
}

Task<absl::StatusOr<UploadOutcome>> StreamedUploads::SpoolAndSend(CallContext context, UploadHeader header,
                                                                  ByteStream& tar, SpoolFile& file) {
  // Only received bytes take space, not announced ones.
  absl::Status fits = file.CheckSize(header.size);
  if (!fits.ok()) co_return fits;
  if (header.size > kMaxContextBytes) co_return ContextTooLarge();
  UploadOutcome outcome;
  {
    auto never = [] { return false; };  // others could only wait for disk space
    ClientBytes client_bytes(tar, clock_, max_idle_, std::move(never));
    CheckedTar arriving(std::move(header), client_bytes, pool_, &file);
    absl::Status read = co_await ReadAll(context, arriving);
    if (!read.ok()) co_return read;
    outcome.hash = arriving.hash();
  }
  absl::StatusOr<std::unique_ptr<ContextStore>> store = co_await api_.OpenContextStore(context);
  if (!store.ok()) co_return store.status();
  SpooledTar spooled(file, pool_);
  const absl::StatusOr<Presence> presence =
      co_await uploads_.MakePresent(std::move(context), **store, outcome.hash, /*size=*/0, spooled, TarSource::kDaemon);
  if (!presence.ok()) co_return presence.status();
  outcome.existed = *presence == Presence::kExisted;
  co_return outcome;
}

}  // namespace daytonad
