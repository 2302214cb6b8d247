// Any packet on the event connection: the parts reported lie within it, and parsing an event or the terms does not
// crash.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <utility>

#include "daemon/api/events.h"
#include "daemon/net/web_socket/socket_io.h"
#include "daemon/upstream/v0/codecs/event_json.h"

namespace {

// Accepts all objects, and checks that each can be identified.
class AnySink final : public daytonad::EventSink {
 public:
  void OnSandbox(daytonad::v1::Sandbox sandbox) override { Require(!sandbox.id().empty()); }
  void OnSnapshot(daytonad::v1::Snapshot snapshot) override { Require(!snapshot.id().empty()); }
  void OnVolume(daytonad::v1::Volume volume) override { Require(!volume.id().empty()); }
  void OnSnapshotRemoved(std::string, std::string name) override { Require(!name.empty()); }
  void OnEventsUp() override {}
  void OnEventsDown() override {}

 private:
  static void Require(bool condition) {
    if (!condition) std::abort();
  }
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using Kind = daytonad::SocketIoPacket::Kind;
  const std::string_view frame(reinterpret_cast<const char*>(data), size);
  const daytonad::SocketIoPacket packet = daytonad::ParseSocketIo(frame);
  if (!packet.payload.empty()) {
    const bool at_the_end = packet.payload.data() + packet.payload.size() == frame.data() + frame.size();
    if (!at_the_end || packet.payload.size() >= frame.size()) std::abort();
  }
  AnySink sink;
  if (packet.kind == Kind::kEvent) (void)daytonad::DeliverEvent(packet.payload, sink);
  if (packet.kind == Kind::kOpen) (void)daytonad::ReadPingTerms(packet.payload);
  return 0;
}
