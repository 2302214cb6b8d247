#include "daemon/operations/build_context/context_content.h"

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>

#include "daemon/base/error.h"
#include "daemon/operations/build_context/host_walk.h"
#include "daemon/operations/build_context/tar_context.h"

namespace daytonad {
namespace {

// A file whose bytes are in the request.
class InlineFileContent final : public ContextContent {
 public:
  explicit InlineFileContent(std::string_view bytes) : left_(bytes), size_(static_cast<int64_t>(bytes.size())) {}

  absl::StatusOr<bool> Step(ContextSink& sink) override {
    absl::Status status;
    if (!std::exchange(begun_, true)) {
      ContextEntry entry;
      entry.size = size_;
      status = sink.OnEntry(entry);
    }
    const std::string_view piece = left_.substr(0, kStepBytes);
    left_.remove_prefix(piece.size());
    if (status.ok()) status = sink.OnData(piece);
    if (!status.ok()) return status;
    return !left_.empty();
  }

 private:
  std::string_view left_;
  const int64_t size_;
  bool begun_ = false;
};

// A directory that is in the request, as a tar.
class InlineTarContent final : public ContextContent, private ContextSink {
 public:
  explicit InlineTarContent(std::string_view tar)
      : left_(tar), context_(/*archive_path=*/"", TarContext::Names::kRelative, *this) {}

  absl::StatusOr<bool> Step(ContextSink& sink) override {
    sink_ = &sink;
    const std::string_view piece = left_.substr(0, kStepBytes);
    left_.remove_prefix(piece.size());
    absl::Status status = context_.Feed(piece);
    if (status.ok() && left_.empty()) status = context_.Finish();
    if (!status.ok()) return status;
    return !left_.empty();
  }

 private:
  absl::Status OnEntry(const ContextEntry& entry) override { return sink_->OnEntry(entry); }
  absl::Status OnData(std::string_view bytes) override { return sink_->OnData(bytes); }

  std::string_view left_;
  ContextSink* sink_ = nullptr;
  TarContext context_;
};

struct Opener {
  const ContextRoots& roots;

  std::unique_ptr<ContextContent> operator()(const HostPath& host) const {
    return std::make_unique<HostWalk>(roots, host.path);
  }
  std::unique_ptr<ContextContent> operator()(const InlineFile& file) const {
    return std::make_unique<InlineFileContent>(file.content);
  }
  std::unique_ptr<ContextContent> operator()(const InlineTar& tar) const {
    return std::make_unique<InlineTarContent>(tar.tar);
  }
  std::unique_ptr<ContextContent> operator()(const UploadedContext&) const { return nullptr; }
};

}  // namespace

std::unique_ptr<ContextContent> OpenContent(const ContextSource& source, const ContextRoots& roots) {
  return std::visit(Opener{roots}, source.content);
}

}  // namespace daytonad
