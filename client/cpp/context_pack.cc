#include "client/cpp/context_pack.h"

#include <archive.h>
#include <archive_entry.h>
#include <dirent.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <climits>
#include <clocale>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace daytonad::client {
namespace {

constexpr std::size_t kReadBytes = 256 * 1024;

// libarchive reads names in the thread's locale. In the locale that a program starts with, it can't write non-ASCII
// names.
class Utf8Names {
 public:
  Utf8Names() : before_(uselocale(Utf8())) {}
  ~Utf8Names() { uselocale(before_); }
  Utf8Names(const Utf8Names&) = delete;
  Utf8Names& operator=(const Utf8Names&) = delete;

 private:
  static locale_t Utf8() {
    static const locale_t kLocale = newlocale(LC_CTYPE_MASK, "C.UTF-8", nullptr);
    return kLocale;
  }

  locale_t before_;
};

std::string Join(const std::string& directory, const std::string& name) {
  return directory.empty() ? name : absl::StrCat(directory, "/", name);
}

// The hash that BuildContextHeader.context_hash describes as unique to a tree.
class TreeHash {
 public:
  explicit TreeHash(const std::string& archive_path) : digest_(EVP_MD_CTX_new(), EVP_MD_CTX_free) {
    EVP_DigestInit_ex(digest_.get(), EVP_sha256(), nullptr);
    Add(absl::StrCat("context ", archive_path.size(), "\n", archive_path));
  }

  // For a file, Add() its `size` bytes next.
  void OnEntry(std::string_view kind, const std::string& path, mode_t mode, std::int64_t size,
               const std::string& link_target) {
    Add(absl::StrFormat("%s %o %d %d %d\n", kind, mode & 07777, path.size(), link_target.size(), size));
    Add(path);
    Add(link_target);
  }
  void Add(std::string_view bytes) { EVP_DigestUpdate(digest_.get(), bytes.data(), bytes.size()); }

  std::string Finish() {
    constexpr std::size_t kHexDigits = 32;
    std::string digest(EVP_MAX_MD_SIZE, '\0');
    unsigned int size = 0;
    EVP_DigestFinal_ex(digest_.get(), reinterpret_cast<unsigned char*>(digest.data()), &size);
    digest.resize(size);
    return absl::BytesToHexString(digest).substr(0, kHexDigits);
  }

 private:
  std::unique_ptr<EVP_MD_CTX, void (*)(EVP_MD_CTX*)> digest_;
};

std::string_view KindOf(unsigned int type) {
  return type == AE_IFDIR ? "directory" : type == AE_IFLNK ? "link" : "file";
}

void FreeArchive(archive* archive) { archive_write_free(archive); }

// One pass through a context.
class Packer {
 public:
  Packer(const ContextSource& source, const TarSink& sink)
      : source_(source), sink_(sink), hash_(source.archive_path), archive_(archive_write_new(), FreeArchive) {
    archive_write_set_format_pax_restricted(archive_.get());
    archive_write_add_filter_none(archive_.get());
    archive_write_set_bytes_per_block(archive_.get(), 0);  // pass everything on at once
    archive_write_open(archive_.get(), this, nullptr, OnTarBytes, nullptr);
  }
  ~Packer() {
    given_up_ = true;  // freeing the archive writes the rest, if there is one
    archive_.reset();
  }
  Packer(const Packer&) = delete;
  Packer& operator=(const Packer&) = delete;

  absl::StatusOr<PackedContext> Run() {
    const Utf8Names utf8_names;
    struct stat info {};
    if (stat(source_.path.c_str(), &info) != 0) return Unreadable(errno, source_.path);
    absl::Status status = S_ISDIR(info.st_mode) ? AddDirectory("", info, Asked("") == Inclusion::kTake) : AddFile("");
    if (status.ok()) status = Outcome(archive_write_close(archive_.get()) >= ARCHIVE_WARN);
    if (!status.ok()) return status;
    PackedContext packed;
    packed.header.set_archive_path(source_.archive_path);
    packed.header.set_size(size_);
    packed.header.set_context_hash(hash_.Finish());
    packed.empty = empty_;
    return packed;
  }

 private:
  static la_ssize_t OnTarBytes(archive*, void* self, const void* bytes, std::size_t size) {
    auto* packer = static_cast<Packer*>(self);
    if (packer->given_up_) return -1;
    // Fails no earlier: libarchive leaks memory when a write fails sooner.
    if (packer->stopped_) return static_cast<la_ssize_t>(size);
    packer->size_ += static_cast<std::int64_t>(size);
    packer->stopped_ = packer->sink_ && !packer->sink_({static_cast<const char*>(bytes), size});
    return static_cast<la_ssize_t>(size);
  }

  absl::Status AddDirectory(const std::string& path, const struct stat& info, bool is_taken) {
    if (is_taken) {
      if (absl::Status status = WriteHeader(path, AE_IFDIR, info, 0); !status.ok()) return status;
    }
    const std::string full_path = FullPath(path);
    const std::unique_ptr<DIR, int (*)(DIR*)> directory(opendir(full_path.c_str()), closedir);
    if (directory == nullptr) return Unreadable(errno, full_path);
    struct Subdirectory {
      std::string path;
      struct stat info;
      bool is_taken;
    };
    std::vector<Subdirectory> subdirectories;
    errno = 0;
    while (const dirent* entry = readdir(directory.get())) {
      const std::string name = entry->d_name;
      if (name == "." || name == "..") continue;
      const std::string below = Join(path, name);
      const Inclusion inclusion = Asked(below);
      if (inclusion == Inclusion::kSkip) continue;
      struct stat below_info {};
      if (lstat(FullPath(below).c_str(), &below_info) != 0) return Unreadable(errno, FullPath(below));
      if (S_ISDIR(below_info.st_mode)) {
        subdirectories.push_back({below, below_info, inclusion == Inclusion::kTake});
      } else if (inclusion == Inclusion::kTake) {
        absl::Status status = S_ISLNK(below_info.st_mode) ? AddLink(below, below_info) : AddFile(below);
        if (!status.ok()) return status;
      }
      errno = 0;
    }
    if (errno != 0) return Unreadable(errno, full_path);
    for (const Subdirectory& below : subdirectories) {
      absl::Status status = AddDirectory(below.path, below.info, below.is_taken);
      if (!status.ok()) return status;
    }
    return absl::OkStatus();
  }

  absl::Status AddLink(const std::string& path, const struct stat& info) {
    std::string target(PATH_MAX, '\0');
    const ssize_t length = readlink(FullPath(path).c_str(), target.data(), target.size());
    if (length < 0) return Unreadable(errno, FullPath(path));
    target.resize(static_cast<std::size_t>(length));
    return WriteHeader(path, AE_IFLNK, info, 0, target);
  }

  absl::Status AddFile(const std::string& path) {
    const std::string full_path = FullPath(path);
    // O_NONBLOCK: does not wait for the other end of a FIFO.
    const int fd = open(full_path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | (path.empty() ? 0 : O_NOFOLLOW));
    if (fd < 0 && errno == ENXIO) return NeitherFileNorDirectory(full_path);  // a socket
    if (fd < 0) return Unreadable(errno, full_path);
    absl::Status status = AddOpenFile(fd, path, full_path);
    close(fd);
    return status;
  }

  absl::Status AddOpenFile(int fd, const std::string& path, const std::string& full_path) {
    struct stat info {};
    if (fstat(fd, &info) != 0) return Unreadable(errno, full_path);
    if (!S_ISREG(info.st_mode)) return NeitherFileNorDirectory(full_path);
    if (absl::Status status = WriteHeader(path, AE_IFREG, info, info.st_size); !status.ok()) return status;
    buffer_.resize(kReadBytes);
    std::int64_t left = info.st_size;
    while (true) {
      const ssize_t count = read(fd, buffer_.data(), buffer_.size());
      if (count < 0) return Unreadable(errno, full_path);
      // Its length must match its tar header.
      if (count > left || (count == 0 && left > 0)) {
        return absl::AbortedError(
            absl::StrCat(full_path, " changed while it was read; repeat this when nobody writes to it"));
      }
      if (count == 0) return absl::OkStatus();
      left -= count;
      hash_.Add({buffer_.data(), static_cast<std::size_t>(count)});
      const la_ssize_t written = archive_write_data(archive_.get(), buffer_.data(), static_cast<std::size_t>(count));
      if (absl::Status status = Outcome(written >= 0); !status.ok()) return status;
    }
  }

  absl::Status WriteHeader(const std::string& path, unsigned int type, const struct stat& info, std::int64_t size,
                           const std::string& link_target = "") {
    const std::unique_ptr<archive_entry, void (*)(archive_entry*)> header(archive_entry_new(), archive_entry_free);
    archive_entry_copy_pathname(header.get(),
                                (path.empty() ? source_.archive_path : Join(source_.archive_path, path)).c_str());
    archive_entry_set_filetype(header.get(), type);
    archive_entry_set_perm(header.get(), info.st_mode & 07777);
    archive_entry_set_mtime(header.get(), info.st_mtime, 0);
    archive_entry_set_uid(header.get(), 0);
    archive_entry_set_gid(header.get(), 0);
    archive_entry_set_size(header.get(), size);
    if (!link_target.empty()) archive_entry_copy_symlink(header.get(), link_target.c_str());
    empty_ = false;
    hash_.OnEntry(KindOf(type), path, info.st_mode, size, link_target);
    return Outcome(archive_write_header(archive_.get(), header.get()) >= ARCHIVE_WARN);
  }

  Inclusion Asked(const std::string& path) const {
    return source_.includes ? source_.includes(path) : Inclusion::kTake;
  }

  std::string FullPath(const std::string& path) const { return path.empty() ? source_.path : Join(source_.path, path); }

  // The outcome of a libarchive call.
  absl::Status Outcome(bool written) const {
    if (stopped_) return absl::CancelledError("no more of the build context is wanted");
    if (written) return absl::OkStatus();
    const char* why = archive_error_string(archive_.get());
    return absl::InvalidArgumentError(
        absl::StrCat(source_.path, " can't be packed: ", why == nullptr ? "unknown reason" : why));
  }

  static absl::Status Unreadable(int error, const std::string& path) {
    return absl::ErrnoToStatus(error, absl::StrCat("can't read ", path));
  }

  static absl::Status NeitherFileNorDirectory(const std::string& path) {
    return absl::InvalidArgumentError(
        absl::StrCat(path, " is neither a file nor a directory nor a symbolic link, and can't be uploaded"));
  }

  const ContextSource& source_;
  const TarSink& sink_;
  TreeHash hash_;
  std::unique_ptr<archive, void (*)(archive*)> archive_;
  std::int64_t size_ = 0;
  bool empty_ = true;
  bool stopped_ = false;   // the sink returned false
  bool given_up_ = false;  // the packer discards the rest
  std::string buffer_;
};

}  // namespace

absl::StatusOr<PackedContext> PackContext(const ContextSource& source, const TarSink& sink) {
  return Packer(source, sink).Run();
}

absl::StatusOr<std::string> DefaultArchivePath(const std::string& path) {
  const std::string normal = std::filesystem::path(path).relative_path().lexically_normal().generic_string();
  const std::string tidy = normal.ends_with('/') ? normal.substr(0, normal.size() - 1) : normal;
  if (tidy.empty() || tidy == "." || tidy == ".." || tidy.starts_with("../")) {
    return absl::InvalidArgumentError(absl::StrCat("\"", path, "\" has no name inside a build context of its own"));
  }
  return tidy;
}

}  // namespace daytonad::client
