#include <cstdint>
#include <optional>
#include <string>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "emulator/api/routes.h"
#include "emulator/base/identity.h"

namespace daytonad::emulator {
namespace {

constexpr std::int64_t kMaxSignedSeconds = 86'400;

// The port of a route; none if the call was answered with an error.
std::optional<std::int64_t> Port(const Call& call) {
  std::int64_t port = 0;
  if (!absl::SimpleAtoi(call.params[1], &port)) {
    call.ReplyError(BadRequest("Validation failed (numeric string is expected)"));
  } else if (port < 1 || port > 65535) {
    call.ReplyError(BadRequest("Invalid port"));
  } else {
    return port;
  }
  return std::nullopt;
}

// A host that does not answer.
std::string PreviewHost(const World& world, std::int64_t port, const std::string& whose) {
  return absl::StrCat("http://", port, "-", whose, ".proxy.localhost", world.origin.substr(world.origin.rfind(':')));
}

void PreviewUrl(const World& world, const Call& call) {
  const auto port = Port(call);
  if (!port.has_value()) return;
  auto found = world.sandboxes.Get(call.params[0]);
  if (!found.ok()) return call.ReplyError(found.error());
  const Sandbox& sandbox = **found;
  call.Reply(
      200,
      {{"sandboxId", sandbox.id}, {"url", PreviewHost(world, *port, sandbox.id)}, {"token", sandbox.preview_token}});
}

void SignedPreviewUrl(const World& world, const Call& call) {
  const auto port = Port(call);
  if (!port.has_value()) return;
  std::int64_t seconds = 0;
  if (!absl::SimpleAtoi(call.query.Get("expiresInSeconds").value_or("60"), &seconds) || seconds < 1 ||
      seconds > kMaxSignedSeconds) {
    return call.ReplyError(BadRequest("expiresInSeconds must be between 1 second and 24 hours"));
  }
  auto found = world.sandboxes.Get(call.params[0]);
  if (!found.ok()) return call.ReplyError(found.error());
  const std::string token = NewToken(16);
  call.Reply(
      200, {{"sandboxId", (*found)->id}, {"port", *port}, {"token", token}, {"url", PreviewHost(world, *port, token)}});
}

void ExpireSignedPreviewUrl(const World& world, const Call& call) {
  if (!Port(call).has_value()) return;
  const auto found = world.sandboxes.Get(call.params[0]);
  found.ok() ? call.ReplyEmpty(201) : call.ReplyError(found.error());
}

}  // namespace

void AddPreviewRoutes(Router& router, World& world) {
  router.Add("GET", "/sandbox/{}/ports/{}/preview-url", kAuthenticated,
             [&world](const Call& call) { PreviewUrl(world, call); });
  router.Add("GET", "/sandbox/{}/ports/{}/signed-preview-url", kAuthenticated,
             [&world](const Call& call) { SignedPreviewUrl(world, call); });
  router.Add("POST", "/sandbox/{}/ports/{}/signed-preview-url/{}/expire", kAuthenticated,
             [&world](const Call& call) { ExpireSignedPreviewUrl(world, call); });
}

}  // namespace daytonad::emulator
