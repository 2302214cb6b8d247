#include "client/cpp/address.h"

#include <cstdlib>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace daytonad::client {
namespace {

constexpr char kSystemSocket[] = "/run/daytonad/daytonad.sock";

// The longest path that fits into sockaddr_un::sun_path with its NUL.
constexpr std::size_t kMaxSocketPath = 107;

bool Exists(const std::string& path) {
  std::error_code ignored;
  return std::filesystem::exists(path, ignored);
}

absl::Status Malformed(std::string_view address, std::string_view why) {
  return absl::InvalidArgumentError(
      absl::StrCat("\"", std::string(address), "\" is not an address: ", std::string(why),
                   "; use unix:PATH or HOST:PORT, as in unix:/run/daytonad/daytonad.sock or 127.0.0.1:7070"));
}

// `each` is the part of the address to check.
absl::Status CheckHostAndPort(std::string_view address, std::string_view each) {
  const std::size_t colon = each.rfind(':');
  if (colon == std::string_view::npos) return Malformed(address, "the port is missing");
  const std::string_view host = each.substr(0, colon);
  if (host.empty()) return Malformed(address, "the host is missing");
  if (host.find(':') != std::string_view::npos && (host.front() != '[' || host.back() != ']')) {
    return Malformed(address, "an IPv6 address needs brackets");
  }
  int port = 0;
  if (!absl::SimpleAtoi(std::string(each.substr(colon + 1)), &port) || port < 1 || port > 65535) {
    return Malformed(address, "the port is not between 1 and 65535");
  }
  return absl::OkStatus();
}

// gRPC takes a list of addresses of one kind, but no host names.
absl::StatusOr<std::string> TargetOfSeveral(std::string_view address) {
  for (const std::string& each : std::vector<std::string>(absl::StrSplit(std::string(address), ','))) {
    if (absl::Status status = CheckHostAndPort(address, each); !status.ok()) return status;
    if (each.find_first_not_of("0123456789.:") != std::string::npos) {
      return Malformed(address, "several addresses are given as numbers, 127.0.0.1:7070,127.0.0.1:7071");
    }
  }
  return absl::StrCat("ipv4:", std::string(address));
}

}  // namespace

std::string DefaultAddress() {
  if (const char* address = std::getenv("DAYTONAD_ADDRESS"); address != nullptr && *address != '\0') return address;
  if (const char* run = std::getenv("XDG_RUNTIME_DIR"); run != nullptr && *run != '\0' && !Exists(kSystemSocket)) {
    const std::string socket = absl::StrCat(run, "/daytonad.sock");
    if (Exists(socket)) return absl::StrCat("unix:", socket);
  }
  return absl::StrCat("unix:", kSystemSocket);
}

absl::StatusOr<std::string> GrpcTarget(std::string_view address) {
  if (address.starts_with("unix:")) {
    std::string_view path = address.substr(5);
    if (path.starts_with("//")) path.remove_prefix(2);  // the URI form, unix:///run/...
    if (path.empty()) return Malformed(address, "the path is missing");
    if (path.size() > kMaxSocketPath) return Malformed(address, "the path is longer than 107 bytes");
    return absl::StrCat("unix:", std::string(path));
  }
  if (address.find("://") != std::string_view::npos) return Malformed(address, "it is a URL");
  if (address.find(',') != std::string_view::npos) return TargetOfSeveral(address);
  if (absl::Status status = CheckHostAndPort(address, address); !status.ok()) return status;
  return absl::StrCat("dns:///", std::string(address));
}

}  // namespace daytonad::client
