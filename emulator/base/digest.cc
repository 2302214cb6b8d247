#include "emulator/base/digest.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <array>

#include "absl/strings/escaping.h"

namespace daytonad::emulator {
namespace {

using Buffer = std::array<unsigned char, EVP_MAX_MD_SIZE>;

std::string Text(const Buffer& digest, unsigned size) { return {reinterpret_cast<const char*>(digest.data()), size}; }

}  // namespace

Digest::Digest(Kind kind) : context_(EVP_MD_CTX_new(), EVP_MD_CTX_free) {
  const EVP_MD* const method = kind == Kind::kMd5 ? EVP_md5() : kind == Kind::kSha1 ? EVP_sha1() : EVP_sha256();
  EVP_DigestInit_ex(context_.get(), method, nullptr);
}

void Digest::Add(std::string_view bytes) { EVP_DigestUpdate(context_.get(), bytes.data(), bytes.size()); }

std::string Digest::Raw() const {
  // Finishing invalidates a context, so finish a copy.
  EVP_MD_CTX* const copy = EVP_MD_CTX_new();
  EVP_MD_CTX_copy_ex(copy, context_.get());
  Buffer digest{};
  unsigned size = 0;
  EVP_DigestFinal_ex(copy, digest.data(), &size);
  EVP_MD_CTX_free(copy);
  return Text(digest, size);
}

std::string Digest::Hex() const { return absl::BytesToHexString(Raw()); }

std::string Md5(std::string_view bytes) {
  Digest digest(Digest::Kind::kMd5);
  digest.Add(bytes);
  return digest.Raw();
}

std::string Sha1(std::string_view bytes) {
  Digest digest(Digest::Kind::kSha1);
  digest.Add(bytes);
  return digest.Raw();
}

std::string Sha256Hex(std::string_view bytes) {
  Digest digest(Digest::Kind::kSha256);
  digest.Add(bytes);
  return digest.Hex();
}

std::string HmacSha256(std::string_view key, std::string_view bytes) {
  Buffer digest{};
  unsigned size = 0;
  HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()), reinterpret_cast<const unsigned char*>(bytes.data()),
       bytes.size(), digest.data(), &size);
  return Text(digest, size);
}

}  // namespace daytonad::emulator
