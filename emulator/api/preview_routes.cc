#include <cstdint>
#include <optional>
#include <string>

#include "emulator/api/routes.h"
#include "emulator/base/identity.h"
#include "emulator/base/text.h"

namespace daytonad::emulator {
namespace {

constexpr std::int64_t kMaxSignedSeconds = 86'400;

// The port of a route; none if the call was answered with an error.
std::optional<std::int64_t> Port(const Call& call) {
  const auto port = ParseInteger<std::int64_t>(call.params[1]);
  if (!port.has_value()) {
    call.ReplyError(BadRequest("Validation failed (numeric string is expected)"));
  } else if (*port < 1 || *port > 65535) {
    call.ReplyError(BadRequest("Invalid port"));
  } else {
    return port;
  }
  return std::nullopt;
}

// A host that nobody answers at.
std::string PreviewHost(const World& world, std::int64_t port, const std::string& whose) {
  return StrCat("http://", port, "-", whose, ".proxy.localhost", world.origin.substr(world.origin.rfind(':')));
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
  const auto seconds = ParseInteger<std::int64_t>(call.query.Get("expiresInSeconds").value_or("60"));
  if (seconds.value_or(0) < 1 || *seconds > kMaxSignedSeconds) {
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
