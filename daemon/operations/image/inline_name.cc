#include "daemon/operations/image/inline_name.h"

#include <openssl/sha.h>

#include <array>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

namespace daytonad {
namespace {

std::string Digest(std::string_view bytes) {
  std::array<unsigned char, SHA256_DIGEST_LENGTH> digest;
  SHA256(reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(), digest.data());
  return absl::BytesToHexString(absl::string_view(reinterpret_cast<const char*>(digest.data()), 16));
}

}  // namespace

std::string InlineFileName(std::string_view content) { return absl::StrCat("inline-file-", Digest(content)); }

std::string InlineDirectoryName(std::string_view tar) { return absl::StrCat("inline-dir-", Digest(tar)); }

}  // namespace daytonad
