#ifndef DAYTONAD_EMULATOR_BASE_DIGEST_H_
#define DAYTONAD_EMULATOR_BASE_DIGEST_H_

#include <memory>
#include <string>
#include <string_view>

struct evp_md_ctx_st;  // OpenSSL's EVP_MD_CTX

namespace daytonad::emulator {

// A hash over bytes that arrive piece by piece.
class Digest {
 public:
  enum class Kind { kMd5, kSha1, kSha256 };

  explicit Digest(Kind kind);
  void Add(std::string_view bytes);
  // The raw digest of all bytes added so far. More may follow.
  std::string Raw() const;
  // Lower-case hexadecimal.
  std::string Hex() const;

 private:
  std::unique_ptr<evp_md_ctx_st, void (*)(evp_md_ctx_st*)> context_;
};

std::string Md5(std::string_view bytes);                               // raw
std::string Sha1(std::string_view bytes);                              // raw
std::string Sha256Hex(std::string_view bytes);                         // lower-case hexadecimal
std::string HmacSha256(std::string_view key, std::string_view bytes);  // raw

}  // namespace daytonad::emulator

#endif  // DAYTONAD_EMULATOR_BASE_DIGEST_H_
