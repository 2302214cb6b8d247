#include "daemon/operations/build_context/context_hash.h"

#include <openssl/evp.h>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace daytonad {
namespace {

// Both kinds of hashes have this length; an MD5 has no more.
constexpr size_t kHexDigits = 32;

Digest Begin(const EVP_MD* kind) {
  Digest digest(EVP_MD_CTX_new(), EVP_MD_CTX_free);
  EVP_DigestInit_ex(digest.get(), kind, nullptr);
  return digest;
}

void Add(const Digest& digest, std::string_view bytes) { EVP_DigestUpdate(digest.get(), bytes.data(), bytes.size()); }

std::string HexOf(const Digest& digest) {
  std::string bytes(EVP_MAX_MD_SIZE, '\0');
  unsigned int size = 0;
  EVP_DigestFinal_ex(digest.get(), reinterpret_cast<unsigned char*>(bytes.data()), &size);
  bytes.resize(size);
  return absl::BytesToHexString(bytes).substr(0, kHexDigits);
}

std::string_view KindOf(ContextEntry::Type type) {
  switch (type) {
    case ContextEntry::Type::kFile:
      return "file";
    case ContextEntry::Type::kDirectory:
      return "directory";
    case ContextEntry::Type::kSymlink:
      return "link";
  }
  return "";
}

}  // namespace

ContextHash::ContextHash(std::string_view archive_path) : digest_(Begin(EVP_md5())) { Add(digest_, archive_path); }

absl::Status ContextHash::OnEntry(const ContextEntry& entry) {
  switch (entry.type) {
    case ContextEntry::Type::kFile:
      Add(digest_, entry.path);
      break;
    case ContextEntry::Type::kDirectory:
      if (entry.empty) Add(digest_, entry.path.empty() ? "." : std::string_view(entry.path));
      break;
    case ContextEntry::Type::kSymlink:
      Add(digest_, entry.path);
      Add(digest_, entry.link_target);
      break;
  }
  return absl::OkStatus();
}

absl::Status ContextHash::OnData(std::string_view bytes) {
  Add(digest_, bytes);
  return absl::OkStatus();
}

std::string ContextHash::Finish() { return HexOf(digest_); }

TreeHash::TreeHash(std::string_view archive_path) : digest_(Begin(EVP_sha256())) {
  Add(digest_, absl::StrCat("context ", archive_path.size(), "\n"));
  Add(digest_, archive_path);
}

absl::Status TreeHash::OnEntry(const ContextEntry& entry) {
  Add(digest_, absl::StrFormat("%s %o %d %d %d\n", KindOf(entry.type), entry.mode, entry.path.size(),
                               entry.link_target.size(), entry.size));
  Add(digest_, entry.path);
  Add(digest_, entry.link_target);
  return absl::OkStatus();
}

absl::Status TreeHash::OnData(std::string_view bytes) {
  Add(digest_, bytes);
  return absl::OkStatus();
}

std::string TreeHash::Finish() { return HexOf(digest_); }

}  // namespace daytonad
