#include "daemon/server/listen_address.h"

#include <sys/un.h>

#include <boost/asio/ip/address.hpp>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "daemon/base/absl_view.h"

namespace daytonad {
namespace {

constexpr size_t kLongestPath = sizeof(sockaddr_un::sun_path) - 1;

absl::Status Malformed(absl::string_view text, absl::string_view problem) {
  return absl::InvalidArgumentError(absl::StrCat("\"", text, "\" is no address to listen on: ", problem,
                                                 ". Write unix:/PATH, HOST:PORT or [IPV6]:PORT"));
}

absl::StatusOr<ListenAddress> ParseUnix(absl::string_view text, absl::string_view path) {
  if (absl::StartsWith(path, "//")) path.remove_prefix(2);  // unix:///path, the URI form
  if (path.empty()) return Malformed(text, "the path is missing");
  if (path[0] != '/') return Malformed(text, "the path is not absolute");
  if (path.size() > kLongestPath) {
    return Malformed(text,
                     absl::StrCat("the path is longer than ", kLongestPath, " bytes, all that a socket can have"));
  }
  ListenAddress address;
  address.path = std::string(path);
  address.text = absl::StrCat("unix:", path);
  return address;
}

}  // namespace

bool ListenAddress::is_loopback() const {
  if (is_unix() || absl::EqualsIgnoreCase(host, "localhost")) return true;
  boost::system::error_code error;
  const auto ip = boost::asio::ip::make_address(host, error);
  if (error) return false;
  if (ip.is_v6() && ip.to_v6().is_v4_mapped()) {
    return boost::asio::ip::make_address_v4(boost::asio::ip::v4_mapped, ip.to_v6()).is_loopback();
  }
  return ip.is_loopback();
}

absl::StatusOr<ListenAddress> ParseListenAddress(std::string_view written) {
  const absl::string_view text = AbslView(written);
  absl::string_view rest = text;
  if (absl::ConsumePrefix(&rest, "unix:")) return ParseUnix(text, rest);
  const size_t colon = rest.rfind(':');
  if (colon == absl::string_view::npos) return Malformed(text, "the port is missing");
  absl::string_view host = rest.substr(0, colon);
  const absl::string_view port_text = rest.substr(colon + 1);

  if (absl::StrContains(text, '/')) return Malformed(text, "a host and a port have no slash");

  ListenAddress address;
  int port = 0;
  if (!absl::SimpleAtoi(port_text, &port) || port < 0 || port > 65535) {
    return Malformed(text, "the port is not a number from 0 to 65535");
  }
  address.port = static_cast<uint16_t>(port);
  if (absl::ConsumePrefix(&host, "[")) {
    boost::system::error_code error;
    if (!absl::ConsumeSuffix(&host, "]")) return Malformed(text, "the closing bracket is missing");
    boost::asio::ip::make_address_v6(std::string(host), error);
    if (error) return Malformed(text, "what stands in brackets is not an IPv6 address");
  } else if (absl::StrContains(host, ':')) {
    return Malformed(text, "an IPv6 address stands in brackets");
  }
  if (host.empty()) return Malformed(text, "the host is missing (0.0.0.0 is all of this machine's IPv4 addresses)");
  address.host = std::string(host);
  address.text = std::string(text);
  return address;
}

}  // namespace daytonad
