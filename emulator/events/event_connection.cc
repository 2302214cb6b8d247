#include "emulator/events/event_connection.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "daemon/base/absl_view.h"
#include "emulator/base/identity.h"
#include "emulator/base/json.h"
#include "emulator/world/validation.h"

namespace daytonad::emulator {
namespace {

// The limit that Engine.IO announces to its clients and enforces.
constexpr std::size_t kMaxPayload = 1'000'000;
// A client that has not joined by then is disconnected.
constexpr milliseconds kJoinLimit{45'000};
// How long a client may take to answer a close frame.
constexpr milliseconds kCloseLimit{5'000};

}  // namespace

EventConnection::EventConnection(std::shared_ptr<Exchange> exchange, Scheduler& scheduler, const Settings& settings,
                                 Owner& owner)
    : exchange_(std::move(exchange)), scheduler_(scheduler), settings_(settings), owner_(owner), reader_(kMaxPayload) {}

void EventConnection::Start() {
  Response head;
  head.headers = {{"Upgrade", "websocket"},
                  {"Connection", "Upgrade"},
                  {"Sec-WebSocket-Accept", WebSocketAccept(exchange_->request().Find("Sec-WebSocket-Key"))}};
  const auto self = shared_from_this();
  exchange_->OnClientGone([self] { self->Ended(); });
  exchange_->Upgrade(std::move(head), [self](std::string_view bytes) { self->Receive(bytes); });
  const Json open = {{"sid", NewToken(20)},
                     {"upgrades", Json::array()},
                     {"pingInterval", settings_.ping_interval.count()},
                     {"pingTimeout", settings_.ping_timeout.count()},
                     {"maxPayload", kMaxPayload}};
  SendText(absl::StrCat("0", ToText(open)));
  SchedulePing();
  scheduler_.After(kJoinLimit, [weak = weak_from_this()] {
    const auto late = weak.lock();
    if (late != nullptr && late->token_.empty()) late->Close(kNormalClosure);
  });
}

void EventConnection::Receive(std::string_view bytes) {
  reader_.Add(bytes);
  while (!ended()) {
    const auto message = reader_.Next();
    if (!message.has_value()) {
      if (reader_.error() != 0) {
        Close(reader_.error());
        // The stream cannot be parsed any more, so no close frame can be awaited.
        Hangup();
      }
      return;
    }
    if (closing_ && message->opcode != Opcode::kClose) continue;
    switch (message->opcode) {
      case Opcode::kText:
        TakeEnginePacket(message->payload);
        break;
      case Opcode::kPing:
        Send(std::make_shared<const std::string>(WebSocketFrame(Opcode::kPong, message->payload)));
        break;
      case Opcode::kPong:
        break;
      case Opcode::kClose:
        Close(kNormalClosure);
        return Hangup();
      default:  // Binary messages are not used.
        Close(kNormalClosure);
    }
  }
}

void EventConnection::TakeEnginePacket(std::string_view packet) {
  if (packet == "3") return SchedulePing();
  if (packet.starts_with('4')) return TakeSocketPacket(packet.substr(1));
  // "1" closes; a client may send nothing else, not even a ping.
  Close(kNormalClosure);
}

void EventConnection::TakeSocketPacket(std::string_view packet) {
  const char kind = packet.empty() ? '\0' : packet[0];
  packet.remove_prefix(packet.empty() ? 0 : 1);
  std::string_view name_space = "/";
  if (packet.starts_with('/')) {
    const std::size_t comma = std::min(packet.find(','), packet.size());
    name_space = packet.substr(0, comma);
    packet.remove_prefix(std::min(comma + 1, packet.size()));
  }
  const bool join = kind == '0';
  if (join && name_space != "/") {
    return SendText(absl::StrCat("44", AbslView(name_space), R"(,{"message":"Invalid namespace"})"));
  }
  // A client must join first, and only once.
  if (join == joined_ || name_space != "/") return Close(kNormalClosure);
  if (join) return Join(packet);
  if (kind == '1') {
    joined_ = false;
    return owner_.Changed(*this);
  }
  // This server ignores events (2) and acknowledgements (3).
  if (kind != '2' && kind != '3') Close(kNormalClosure);
}

void EventConnection::Join(std::string_view auth) {
  const Json json = Json::parse(auth.empty() ? "{}" : auth, nullptr, /*allow_exceptions=*/false);
  if (!json.is_object()) return Close(kNormalClosure);
  const std::string token = StringOr(json, "token");
  if (!owner_.Admits(token)) return SendText(R"(44{"message":"Unauthorized"})");
  token_ = token;
  joined_ = true;
  SendText(absl::StrCat("40", ToText({{"sid", NewToken(20)}})));
  owner_.Changed(*this);
}

void EventConnection::SendText(std::string_view text) {
  Send(std::make_shared<const std::string>(WebSocketFrame(Opcode::kText, text)));
}

void EventConnection::Send(std::shared_ptr<const std::string> frame) {
  if (ended() || closing_) return;
  if (exchange_->unsent() + frame->size() > settings_.max_backlog) return Abort();
  exchange_->WriteRaw(std::move(frame));
}

void EventConnection::Disconnect(bool close) {
  if (std::exchange(joined_, false)) {
    SendText("41");
    owner_.Changed(*this);
  }
  if (close) Close(kNormalClosure);
}

void EventConnection::Abort() {
  if (ended()) return;
  exchange_->Abort();
  Ended();
}

void EventConnection::Close(std::uint16_t code) {
  if (ended() || closing_) return;
  exchange_->WriteRaw(std::make_shared<const std::string>(WebSocketCloseFrame(code)));
  closing_ = true;
  joined_ = false;
  ++heartbeat_;
  UnlessAlive(kCloseLimit, &EventConnection::Hangup);
  owner_.Changed(*this);
}

void EventConnection::Hangup() {
  exchange_->Drop();
  Ended();
}

void EventConnection::Ended() {
  if (ended()) return;
  // The exchange may hold the last reference to this connection.
  const auto self = shared_from_this();
  joined_ = false;
  exchange_ = nullptr;
  owner_.Changed(*this);
}

void EventConnection::SchedulePing() {
  ++heartbeat_;
  UnlessAlive(settings_.ping_interval, &EventConnection::Ping);
}

void EventConnection::Ping() {
  if (owner_.silent()) return SchedulePing();
  SendText("2");
  UnlessAlive(settings_.ping_timeout, &EventConnection::CloseAsDead);
}

void EventConnection::UnlessAlive(milliseconds delay, void (EventConnection::*step)()) {
  scheduler_.After(delay, [weak = weak_from_this(), step, heartbeat = heartbeat_] {
    const auto self = weak.lock();
    if (self != nullptr && !self->ended() && self->heartbeat_ == heartbeat) (*self.*step)();
  });
}

}  // namespace daytonad::emulator
