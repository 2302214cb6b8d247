#include "daemon/operations/build_context/context_hash.h"

#include <openssl/evp.h>

#include "absl/strings/escaping.h"

namespace daytonad {

ContextHash::ContextHash(std::string_view archive_path) : digest_(EVP_MD_CTX_new(), EVP_MD_CTX_free) {
  EVP_DigestInit_ex(digest_.get(), EVP_md5(), nullptr);
  Add(archive_path);
}

absl::Status ContextHash::OnEntry(const ContextEntry& entry) {
  switch (entry.type) {
    case ContextEntry::Type::kFile:
      Add(entry.path);
      break;
    case ContextEntry::Type::kDirectory:
      if (entry.empty) Add(entry.path.empty() ? "." : std::string_view(entry.path));
      break;
    case ContextEntry::Type::kSymlink:
      Add(entry.path);
      if (!entry.has_target_data) Add(entry.link_target);
      break;
  }
  return absl::OkStatus();
}

absl::Status ContextHash::OnData(std::string_view bytes) {
  Add(bytes);
  return absl::OkStatus();
}

std::string ContextHash::Finish() {
  std::string digest(EVP_MAX_MD_SIZE, '\0');
  unsigned int size = 0;
  EVP_DigestFinal_ex(digest_.get(), reinterpret_cast<unsigned char*>(digest.data()), &size);
  digest.resize(size);
  return absl::BytesToHexString(digest);
}

void ContextHash::Add(std::string_view bytes) { EVP_DigestUpdate(digest_.get(), bytes.data(), bytes.size()); }

}  // namespace daytonad
