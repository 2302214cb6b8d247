#include "emulator/base/spool.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <vector>

#include "daemon/base/log.h"

namespace daytonad::emulator {
namespace {

constexpr std::size_t kMaxInMemory = 256 * 1024;
constexpr std::size_t kBlock = 256 * 1024;

std::string TemporaryFolder() {
  const char* const folder = std::getenv("TMPDIR");
  return folder == nullptr || *folder == '\0' ? "/tmp" : folder;
}

// Opens a file without a name; -1 if that fails.
int OpenUnnamedFile() {
  std::string path = TemporaryFolder() + "/daytona-emulator-XXXXXX";
  const int file = ::mkostemp(path.data(), O_CLOEXEC);
  if (file >= 0) ::unlink(path.c_str());
  return file;
}

}  // namespace

Spool::~Spool() {
  if (file_ >= 0) ::close(file_);
}

bool Spool::Append(std::string_view bytes) {
  if (failed_) return false;
  size_ += bytes.size();
  md5_.Add(bytes);
  sha256_.Add(bytes);
  if (file_ < 0 && memory_.size() + bytes.size() <= kMaxInMemory) {
    memory_ += bytes;
    return true;
  }
  if (file_ < 0) {
    file_ = OpenUnnamedFile();
    failed_ = file_ < 0 || !WriteToFile(memory_);
    std::string().swap(memory_);
  }
  failed_ = failed_ || !WriteToFile(bytes);
  if (failed_) {
    Log(LogLevel::kError, "cannot store a request's body: set TMPDIR to a folder with free space",
        {{"folder", TemporaryFolder()}, {"error", std::strerror(errno)}});
  }
  return !failed_;
}

bool Spool::WriteToFile(std::string_view bytes) const {
  while (!bytes.empty()) {
    const ssize_t written = ::write(file_, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  return true;
}

void Spool::ForEachBlock(const std::function<void(std::string_view)>& visit) const {
  if (file_ < 0) {
    if (!memory_.empty()) visit(memory_);
    return;
  }
  std::vector<char> block(kBlock);
  for (std::uint64_t at = 0; at < size_;) {
    const ssize_t got = ::pread(file_, block.data(), block.size(), static_cast<off_t>(at));
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return;
    visit({block.data(), static_cast<std::size_t>(got)});
    at += static_cast<std::uint64_t>(got);
  }
}

std::string Spool::ToString() const {
  std::string text;
  text.reserve(size_);
  ForEachBlock([&](std::string_view block) { text += block; });
  return text;
}

}  // namespace daytonad::emulator
