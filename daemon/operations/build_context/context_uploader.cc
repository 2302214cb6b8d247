#include "daemon/operations/build_context/context_uploader.h"

#include <memory>
#include <utility>
#include <variant>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "daemon/base/error.h"
#include "daemon/operations/build_context/context_pass.h"

namespace daytonad {
namespace {

Task<absl::StatusOr<ContextPass::Piece>> NextPiece(CallContext context, Clock& clock, WorkPool& pool,
                                                   ContextPass& pass) {
  absl::Status going = context.Check(clock.Now());
  if (!going.ok()) co_return going;
  auto next = [&pass] { return pass.Next(); };
  co_return co_await RunOnPool(pool, std::move(next));
}

// The tar of a context. Ends with an error if the content no longer has the given hash.
class TarStream final : public ByteStream {
 public:
  TarStream(const ContextSource& source, const ContextRoots& roots, std::string hash, Clock& clock, WorkPool& pool)
      : archive_path_(source.archive_path),
        hash_(std::move(hash)),
        clock_(clock),
        pool_(pool),
        pass_(source, roots, ContextPass::Makes::kHashAndTar) {}

  Task<absl::StatusOr<std::string>> Read(CallContext context) override {
    while (!ended_) {
      absl::StatusOr<ContextPass::Piece> piece = co_await NextPiece(context, clock_, pool_, pass_);
      if (!piece.ok()) co_return piece.status();
      ended_ = piece->last;
      if (ended_ && piece->hash != hash_) {
        co_return MakeError(absl::StatusCode::kAborted, "CONTEXT_CHANGED",
                            absl::StrCat("The files of the build context ", archive_path_,
                                         " changed while they were read. Repeat the call when nobody writes to them."));
      }
      if (!piece->tar.empty()) co_return std::move(piece->tar);
    }
    co_return std::string();
  }

 private:
  const std::string archive_path_;
  const std::string hash_;
  Clock& clock_;
  WorkPool& pool_;
  ContextPass pass_;
  bool ended_ = false;
};

Task<absl::Status> CheckPresent(CallContext context, ContextStore& store, std::string hash) {
  const absl::StatusOr<std::optional<int64_t>> size = co_await store.Contains(std::move(context), hash);
  if (!size.ok()) co_return size.status();
  if (size->has_value()) co_return absl::OkStatus();
  const ErrorMetadata metadata = {{"context_hash", hash}};
  co_return MakeError(absl::StatusCode::kNotFound, "CONTEXT_NOT_FOUND",
                      absl::StrCat("There is no build context ", hash, ". Upload it with UploadBuildContext, and use ",
                                   "the hash that it answers."),
                      metadata);
}

}  // namespace

Task<absl::StatusOr<std::vector<std::string>>> ContextUploader::UploadAll(CallContext context,
                                                                          std::vector<ContextSource> sources,
                                                                          UploadObserver* observer) {
  std::vector<std::string> hashes;
  if (sources.empty()) co_return hashes;
  absl::StatusOr<std::unique_ptr<ContextStore>> store = co_await api_.OpenContextStore(context);
  if (!store.ok()) co_return store.status();
  for (const ContextSource& source : sources) {
    absl::StatusOr<std::string> hash = co_await MakePresent(context, **store, source, observer);
    if (!hash.ok()) co_return hash.status();
    hashes.push_back(*std::move(hash));
  }
  co_return hashes;
}

Task<absl::StatusOr<std::string>> ContextUploader::MakePresent(CallContext context, ContextStore& store,
                                                               const ContextSource& source, UploadObserver* observer) {
  std::string hash;
  bool existed = true;
  if (const auto* uploaded = std::get_if<UploadedContext>(&source.content)) {
    hash = uploaded->hash;
    absl::Status present = co_await CheckPresent(std::move(context), store, hash);
    if (!present.ok()) co_return present;
  } else {
    ContextPass pass(source, roots_, ContextPass::Makes::kHash);
    while (hash.empty()) {
      absl::StatusOr<ContextPass::Piece> piece = co_await NextPiece(context, clock_, pool_, pass);
      if (!piece.ok()) co_return piece.status();
      hash = std::move(piece->hash);
    }
    TarStream tar(source, roots_, hash, clock_, pool_);
    // The hash is unique to the tree, so a stored tar has the right content, however it was packed.
    const absl::StatusOr<Presence> present =
        co_await uploads_.MakePresent(std::move(context), store, hash, /*size=*/0, tar, TarSource::kDaemon);
    if (!present.ok()) co_return present.status();
    existed = *present == Presence::kExisted;
  }
  if (observer != nullptr) observer->OnContext(source.archive_path, hash, existed);
  co_return hash;
}

}  // namespace daytonad
