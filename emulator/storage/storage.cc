#include "emulator/storage/storage.h"

#include <openssl/rand.h>

#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "daemon/base/absl_view.h"
#include "emulator/base/identity.h"

namespace daytonad::emulator {
namespace {

constexpr WallTime kKeyLifetime = 3600 * 1000;
constexpr std::uint64_t kMinPart = 5ULL * 1024 * 1024;

// Random Base64 text with '+', '/' and '=', as in real keys.
std::string RandomBase64(std::size_t bytes) {
  std::string raw(bytes, '\0');
  RAND_bytes(reinterpret_cast<unsigned char*>(raw.data()), static_cast<int>(raw.size()));
  return absl::Base64Escape(raw);
}

}  // namespace

const std::string& StoredObject::Md5Hex() const {
  if (md5.empty() && pieces.size() == 1) md5 = pieces[0]->Md5Hex();
  if (!md5.empty()) return md5;
  Digest digest(Digest::Kind::kMd5);
  for (const SpoolPtr& piece : pieces) piece->ForEachBlock([&](std::string_view block) { digest.Add(block); });
  md5 = digest.Hex();
  return md5;
}

std::string StoredObject::ToString() const {
  std::string text;
  text.reserve(size);
  for (const SpoolPtr& piece : pieces) piece->ForEachBlock([&](std::string_view block) { text += block; });
  return text;
}

StorageKeys Storage::NewKeys() {
  const WallTime now = scheduler_.Now();
  // Keeps expired keys for a while, to refuse them for the right reason.
  std::erase_if(keys_, [now](const auto& entry) { return entry.second.expires + kKeyLifetime < now; });
  StorageKeys keys{absl::StrCat("ASIA", absl::AsciiStrToUpper(NewToken(16))), RandomBase64(30), RandomBase64(190),
                   now + kKeyLifetime};
  keys_[keys.access_key] = keys;
  return keys;
}

const StorageKeys* Storage::FindKeys(const std::string& access_key) const {
  const auto found = keys_.find(access_key);
  return found == keys_.end() ? nullptr : &found->second;
}

void Storage::ExpireKeys() {
  for (auto& [access_key, keys] : keys_) keys.expires = scheduler_.Now();
}

void Storage::Put(const std::string& key, std::vector<SpoolPtr> pieces, std::string etag) {
  StoredObject& object = objects_[key];
  object = {.pieces = std::move(pieces), .etag = std::move(etag), .modified = scheduler_.Now()};
  for (const SpoolPtr& piece : object.pieces) object.size += piece->size();
}

const StoredObject* Storage::Find(const std::string& key) const {
  const auto found = objects_.find(key);
  return found == objects_.end() ? nullptr : &found->second;
}

bool Storage::HasContext(const std::string& hash) const {
  return Find(absl::StrCat(AbslView(kOrganizationId), "/", hash, "/context.tar")) != nullptr;
}

std::string Storage::BeginUpload(const std::string& key) {
  std::string id = NewToken(32);
  uploads_[id] = {key, scheduler_.Now(), {}};
  return id;
}

MultipartUpload* Storage::FindUpload(const std::string& id, const std::string& key) {
  const auto found = uploads_.find(id);
  return found == uploads_.end() || found->second.key != key ? nullptr : &found->second;
}

std::variant<const StoredObject*, StorageError> Storage::CompleteUpload(const std::string& id,
                                                                        const std::vector<NamedPart>& parts) {
  const MultipartUpload& upload = uploads_.at(id);
  std::vector<SpoolPtr> pieces;
  std::string digests;
  int last = 0;
  for (const NamedPart& part : parts) {
    if (part.number <= last) {
      return StorageError{400, "InvalidPartOrder",
                          "The list of parts was not in ascending order. The parts list must be specified in order by "
                          "part number."};
    }
    last = part.number;
    const auto found = upload.parts.find(part.number);
    if (found == upload.parts.end() || found->second->Md5Hex() != part.etag) {
      return StorageError{400,
                          "InvalidPart",
                          "One or more of the specified parts could not be found. The part may not have been uploaded, "
                          "or the specified entity tag may not match the part's entity tag.",
                          {{"UploadId", id}, {"PartNumber", absl::StrCat(part.number)}, {"ETag", part.etag}}};
    }
    pieces.push_back(found->second);
    digests += found->second->Md5();
  }
  for (std::size_t i = 0; i + 1 < pieces.size(); ++i) {
    if (pieces[i]->size() < kMinPart) {
      return StorageError{400,
                          "EntityTooSmall",
                          "Your proposed upload is smaller than the minimum allowed size",
                          {{"ProposedSize", absl::StrCat(pieces[i]->size())},
                           {"MinSizeAllowed", absl::StrCat(kMinPart)},
                           {"PartNumber", absl::StrCat(parts[i].number)}}};
    }
  }
  const std::string key = upload.key;
  const std::string etag = absl::StrCat(absl::BytesToHexString(Md5(digests)), "-", parts.size());
  Put(key, std::move(pieces), etag);
  uploads_.erase(id);
  return Find(key);
}

void Storage::Clear() {
  objects_.clear();
  uploads_.clear();
}

}  // namespace daytonad::emulator
