#include "daemon/operations/build_context/context_pass.h"

#include "daemon/api/context_limit.h"

namespace daytonad {

ContextPass::ContextPass(const ContextSource& source, const ContextRoots& roots, Makes makes)
    : content_(OpenContent(source, roots)), hash_(source.archive_path) {
  if (makes == Makes::kHashAndTar) tar_.emplace(source.archive_path);
}

absl::StatusOr<ContextPass::Piece> ContextPass::Next() {
  absl::StatusOr<bool> more = content_->Step(*this);
  if (!more.ok()) return more.status();
  Piece piece;
  piece.last = !*more;
  if (piece.last) {
    piece.hash = hash_.Finish();
    absl::Status closed = tar_.has_value() ? tar_->Close() : absl::OkStatus();
    if (!closed.ok()) return closed;
  }
  if (tar_.has_value()) piece.tar = tar_->Take();
  return piece;
}

absl::Status ContextPass::OnEntry(const ContextEntry& entry) {
  // Checked before reading: a sparse file, for example, may claim any size.
  bytes_ += entry.size;
  if (entry.size > kMaxContextBytes || bytes_ > kMaxContextBytes) return ContextTooLarge();
  absl::Status status = hash_.OnEntry(entry);
  if (status.ok() && tar_.has_value()) status = tar_->OnEntry(entry);
  return status;
}

absl::Status ContextPass::OnData(std::string_view bytes) {
  absl::Status status = hash_.OnData(bytes);
  if (status.ok() && tar_.has_value()) status = tar_->OnData(bytes);
  return status;
}

}  // namespace daytonad
