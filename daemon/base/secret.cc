#include "daemon/base/secret.h"

#include <openssl/crypto.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstring>
#include <functional>
#include <new>

namespace daytonad {

// Separate pages, so that MADV_DONTDUMP and the lock affect nothing else.
class Secret::Buffer {
 public:
  explicit Buffer(std::string_view bytes) : size_(bytes.size()) {
    const auto page = static_cast<size_t>(::sysconf(_SC_PAGESIZE));
    mapped_ = (size_ + page - 1) / page * page;
    memory_ = ::mmap(nullptr, mapped_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory_ == MAP_FAILED) throw std::bad_alloc();
    // Both are best effort: a container may forbid locking, and the secret is still usable.
    ::madvise(memory_, mapped_, MADV_DONTDUMP);
    ::mlock(memory_, mapped_);
    std::memcpy(memory_, bytes.data(), size_);
  }
  Buffer(const Buffer&) = delete;
  Buffer& operator=(const Buffer&) = delete;
  ~Buffer() {
    OPENSSL_cleanse(memory_, mapped_);
    ::munmap(memory_, mapped_);
  }

  std::string_view view() const { return {static_cast<const char*>(memory_), size_}; }

 private:
  size_t size_;
  size_t mapped_ = 0;
  void* memory_ = nullptr;
};

Secret::Secret(std::string&& bytes) {
  if (!bytes.empty()) buffer_ = std::make_shared<const Buffer>(bytes);
  WipeString(bytes);
}

size_t Secret::Fingerprint() const { return std::hash<std::string_view>()(Reveal()); }

std::string_view Secret::Reveal() const { return buffer_ == nullptr ? std::string_view() : buffer_->view(); }

void WipeString(std::string& text) {
  OPENSSL_cleanse(text.data(), text.size());
  text.clear();
}

}  // namespace daytonad
