#include "daemon/operations/build_context/tar_writer.h"

#include <archive.h>
#include <archive_entry.h>

#include <clocale>
#include <utility>

#include "absl/strings/str_cat.h"
#include "daemon/base/error.h"

namespace daytonad {
namespace {

// libarchive reads names in the thread's locale. In the locale that a daemon starts with, it cannot write non-ASCII
// names.
class Utf8Names {
 public:
  Utf8Names() : before_(::uselocale(Utf8())) {}
  Utf8Names(const Utf8Names&) = delete;
  Utf8Names& operator=(const Utf8Names&) = delete;
  ~Utf8Names() { ::uselocale(before_); }

 private:
  static locale_t Utf8() {
    static const locale_t locale = ::newlocale(LC_CTYPE_MASK, "C.UTF-8", nullptr);
    return locale;
  }

  const locale_t before_;
};

unsigned int FileType(ContextEntry::Type type) {
  switch (type) {
    case ContextEntry::Type::kFile:
      return AE_IFREG;
    case ContextEntry::Type::kDirectory:
      return AE_IFDIR;
    case ContextEntry::Type::kSymlink:
      return AE_IFLNK;
  }
  return 0;
}

}  // namespace

struct TarWriter::Output {
  std::string bytes;
  // Discards what libarchive writes when it is freed in the middle of a file, such as padding for the missing bytes.
  bool closed = false;

  static la_ssize_t Write(archive*, void* output, const void* bytes, size_t size) {
    auto& self = *static_cast<Output*>(output);
    if (self.closed) return -1;
    self.bytes.append(static_cast<const char*>(bytes), size);
    return static_cast<la_ssize_t>(size);
  }
};

TarWriter::TarWriter(std::string archive_path)
    : archive_path_(std::move(archive_path)), output_(std::make_unique<Output>()), archive_(archive_write_new()) {
  archive_write_set_format_pax_restricted(archive_);
  archive_write_add_filter_none(archive_);
  archive_write_set_bytes_per_block(archive_, 0);  // pass everything on at once
  archive_write_open(archive_, output_.get(), nullptr, Output::Write, nullptr);
}

TarWriter::~TarWriter() {
  output_->closed = true;
  archive_write_free(archive_);
}

absl::Status TarWriter::OnEntry(const ContextEntry& entry) {
  const Utf8Names utf8_names;
  const std::unique_ptr<archive_entry, void (*)(archive_entry*)> header(archive_entry_new(), archive_entry_free);
  const bool joined = !archive_path_.empty() && !entry.path.empty();
  const std::string name = absl::StrCat(archive_path_, joined ? "/" : "", entry.path);
  if (name.empty()) return absl::OkStatus();  // the build's root exists anyway
  archive_entry_copy_pathname(header.get(), name.c_str());
  archive_entry_set_filetype(header.get(), FileType(entry.type));
  archive_entry_set_perm(header.get(), entry.mode);
  archive_entry_set_mtime(header.get(), entry.mtime, 0);
  archive_entry_set_uid(header.get(), 0);
  archive_entry_set_gid(header.get(), 0);
  in_file_ = entry.type == ContextEntry::Type::kFile;
  archive_entry_set_size(header.get(), in_file_ ? entry.size : 0);
  if (entry.type == ContextEntry::Type::kSymlink) {
    archive_entry_copy_symlink(header.get(), entry.link_target.c_str());
  }
  return archive_write_header(archive_, header.get()) >= ARCHIVE_WARN ? absl::OkStatus() : Failed();
}

absl::Status TarWriter::OnData(std::string_view bytes) {
  if (!in_file_) return absl::OkStatus();
  const Utf8Names utf8_names;
  return archive_write_data(archive_, bytes.data(), bytes.size()) >= 0 ? absl::OkStatus() : Failed();
}

absl::Status TarWriter::Close() {
  const Utf8Names utf8_names;
  return archive_write_close(archive_) >= ARCHIVE_WARN ? absl::OkStatus() : Failed();
}

std::string TarWriter::Take() { return std::exchange(output_->bytes, {}); }

absl::Status TarWriter::Failed() const {
  const char* why = archive_error_string(archive_);
  return MakeError(absl::StatusCode::kInvalidArgument, "INVALID_REQUEST",
                   absl::StrCat("The build context cannot be packed: ", why == nullptr ? "unknown reason" : why, "."));
}

}  // namespace daytonad
