// Any body of an answer: parsing does not crash, all text in the result is UTF-8, and valid text is unchanged.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "daemon/upstream/v0/codecs/json_fields.h"
#include "daemon/upstream/v0/codecs/repair_json.h"
#include "daemon/upstream/v0/codecs/sandbox_json.h"
#include "daemon/upstream/v0/codecs/snapshot_json.h"
#include "daemon/upstream/v0/codecs/volume_json.h"
#include "daemon/upstream/v0/transport/errors.h"

namespace {

void Require(bool condition) {
  if (!condition) std::abort();
}

// A string field that is no UTF-8 would not parse again.
template <typename Message>
void RequireValid(const Message& message) {
  Message again;
  Require(again.ParseFromString(message.SerializeAsString()));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using daytonad::Json;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const Json strict = Json::parse(text, /*cb=*/nullptr, /*allow_exceptions=*/false);
  const Json repaired = Json::parse(daytonad::RepairJson(text), /*cb=*/nullptr, /*allow_exceptions=*/false);
  if (!strict.is_discarded()) Require(strict == repaired);

  const Json json = daytonad::ParseLeniently(text);
  if (!json.is_discarded()) {
    if (const auto sandbox = daytonad::ReadSandbox(json); sandbox.ok()) RequireValid(*sandbox);
    if (const auto snapshot = daytonad::ReadSnapshot(json); snapshot.ok()) RequireValid(*snapshot);
    if (const auto volume = daytonad::ReadVolume(json); volume.ok()) RequireValid(*volume);
    if (const auto page = daytonad::ReadSandboxPage(json); page.ok()) {
      for (const auto& sandbox : page->items) RequireValid(sandbox);
    }
  }
  daytonad::HttpResponse response;
  response.status = 404;
  response.body = std::string(text);
  daytonad::RestRequest request(daytonad::HttpMethod::kGet, daytonad::Idempotency::kRead, {"sandbox", "x"});
  request.About(daytonad::Subject::kSandbox, "x");
  Require(!daytonad::ErrorFromResponse(request, response).ok());
  return 0;
}
