#ifndef DAYTONAD_EMULATOR_BASE_SPOOL_H_
#define DAYTONAD_EMULATOR_BASE_SPOOL_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "emulator/base/digest.h"

namespace daytonad::emulator {

// Bytes of any number: in memory while they are few, then in an unnamed temporary file, which disappears with this
// object or the process, however that ends.
class Spool {
 public:
  Spool() = default;
  explicit Spool(std::string_view bytes) { Append(bytes); }
  ~Spool();
  Spool(const Spool&) = delete;
  Spool& operator=(const Spool&) = delete;

  // False if the file cannot be created or written; failed() is true from then on.
  bool Append(std::string_view bytes);
  bool failed() const { return failed_; }

  std::uint64_t size() const { return size_; }
  std::string Md5() const { return md5_.Raw(); }
  std::string Md5Hex() const { return md5_.Hex(); }
  std::string Sha256Hex() const { return sha256_.Hex(); }

  // Visits the bytes in order, block by block.
  void ForEachBlock(const std::function<void(std::string_view)>& visit) const;
  // All of them.
  std::string ToString() const;

 private:
  bool WriteToFile(std::string_view bytes) const;

  std::string memory_;  // until there is a file
  int file_ = -1;
  bool failed_ = false;
  std::uint64_t size_ = 0;
  Digest md5_{Digest::Kind::kMd5};
  Digest sha256_{Digest::Kind::kSha256};
};

}  // namespace daytonad::emulator

#endif  // DAYTONAD_EMULATOR_BASE_SPOOL_H_
