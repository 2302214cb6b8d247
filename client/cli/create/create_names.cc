#include "client/cli/create/create_names.h"

#include <openssl/sha.h>

#include <array>
#include <cstdint>
#include <random>
#include <string>
#include <string_view>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"

namespace daytonad::cli {
namespace {

std::string Hex(const unsigned char* bytes, std::size_t count) {
  return absl::BytesToHexString(absl::string_view(reinterpret_cast<const char*>(bytes), count));
}

}  // namespace

std::string NewRequestId() {
  std::random_device random;
  std::array<unsigned char, 16> bytes;
  for (unsigned char& byte : bytes) byte = static_cast<unsigned char>(random());
  bytes[6] = (bytes[6] & 0x0f) | 0x40;  // version 4, random
  bytes[8] = (bytes[8] & 0x3f) | 0x80;  // variant 1
  const std::string hex = Hex(bytes.data(), bytes.size());
  return absl::StrCat(hex.substr(0, 8), "-", hex.substr(8, 4), "-", hex.substr(12, 4), "-", hex.substr(16, 4), "-",
                      hex.substr(20));
}

std::string SandboxNameFor(const std::string& request_id) {
  std::array<unsigned char, SHA256_DIGEST_LENGTH> digest;
  SHA256(reinterpret_cast<const unsigned char*>(request_id.data()), request_id.size(), digest.data());
  return absl::StrCat("daytonad-", Hex(digest.data(), 16));
}

bool OutcomeIsOpen(const client::Error& error) {
  const auto delivery = error.metadata.find("delivery");
  if (delivery != error.metadata.end() && delivery->second == "not_sent") return false;
  const auto outcome = error.metadata.find("outcome");
  return (outcome != error.metadata.end() && outcome->second == "unknown") ||
         error.code == grpc::StatusCode::CANCELLED || error.code == grpc::StatusCode::DEADLINE_EXCEEDED ||
         error.code == grpc::StatusCode::UNAVAILABLE;
}

}  // namespace daytonad::cli
