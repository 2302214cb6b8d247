#include "daemon/upstream/v0/events/event_stream.h"

#include <algorithm>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <deque>
#include <functional>
#include <string_view>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "daemon/base/absl_view.h"
#include "daemon/base/error.h"
#include "daemon/base/log.h"
#include "daemon/base/spawn.h"
#include "daemon/base/wakeup.h"
#include "daemon/net/web_socket/socket_io.h"
#include "daemon/upstream/v0/codecs/event_json.h"
#include "daemon/upstream/v0/transport/identity.h"

namespace daytonad {
namespace {

using Kind = SocketIoPacket::Kind;

// Events that wait for the sink. When there are more, nothing is read until there are fewer, pings included: at 1 KB an
// event and some 20 us for each, the sink is then most of a second behind.
constexpr size_t kMaxQueuedBytes = size_t{32} << 20;
// Larger events are read on the pool.
constexpr size_t kReadOnLoop = size_t{64} << 10;

absl::Status Lost(absl::string_view why) {
  return MakeError(absl::StatusCode::kUnavailable, "EVENTS_LOST",
                   absl::StrCat("The event connection ended: ", why, "."));
}

absl::Status Refused() {
  return MakeError(absl::StatusCode::kFailedPrecondition, "EVENTS_REFUSED",
                   "Daytona does not send events to this credential.");
}

// Would the same attempt end the same way soon?
bool IsRefusal(const absl::Status& end) {
  const std::string http_status = ErrorMetadataValue(end, "http_status").value_or("");
  return ErrorReason(end) == "EVENTS_REFUSED" || absl::StartsWith(http_status, "3") ||
         absl::StartsWith(http_status, "4");
}

}  // namespace

// Shared by the coroutines that work on one connection.
struct EventStream::Connection {
  Connection(const Executor& executor, const std::stop_token& parent, Secret token)
      : token(std::move(token)), stop(parent), arrived(executor), room(executor) {}

  const Secret token;
  LinkedStopSource stop;
  std::unique_ptr<WebSocket> socket;
  // The longest pause between two packets of a live server.
  Clock::Duration silence_limit{};

  std::deque<std::string> events;  // packets
  size_t queued_bytes = 0;
  Wakeup arrived;                   // there is an event, or `end` is set
  Wakeup room;                      // `events` has become shorter
  std::optional<absl::Status> end;  // set when reading has ended
};

EventStream::EventStream(const Executor& executor, EventStreamOptions options, WebSocketConnector& connector,
                         Clock& clock, CredentialSource& credentials, RandomFraction random)
    : executor_(executor),
      options_(std::move(options)),
      connector_(connector),
      clock_(clock),
      credentials_(credentials),
      random_(std::move(random)) {}

EventStream::~EventStream() { Stop(); }

void EventStream::Start(EventSink& sink) {
  sink_ = &sink;
  const CallContext context = CallContext::Background("events").WithStopToken(stop_.get_token());
  Spawn(executor_, Run(context));
}

void EventStream::Stop() {
  sink_ = nullptr;
  stop_.request_stop();
}

Task<void> EventStream::Run(CallContext context) {
  co_await boost::asio::this_coro::throw_if_cancelled(false);
  while (!context.cancelled()) {
    const Credential credential = credentials_.Current();
    up_since_.reset();
    const absl::Status end = co_await Serve(context, credential);
    if (context.cancelled()) co_return;
    if (up_since_.has_value()) sink_->OnEventsDown();
    if (!IsCurrent(credential.token)) {
      failures_ = 0;
      continue;
    }
    LogDown(end);
    const Clock::Duration delay = NextDelay(end);
    co_await Pause(context, delay, credential.token);
  }
}

Task<absl::Status> EventStream::Serve(CallContext context, const Credential& credential) {
  const auto connection = std::make_shared<Connection>(executor_, context.stop_token(), credential.token);
  const CallContext while_connected = context.WithStopToken(connection->stop.token());
  const CallContext connecting = while_connected.WithDeadline(clock_.Now() + options_.connect_limit);
  WebSocketRequest request = MakeRequest(credential);
  absl::StatusOr<std::unique_ptr<WebSocket>> socket = co_await connector_.Connect(connecting, std::move(request));
  absl::Status entered = socket.status();
  if (socket.ok()) {
    connection->socket = *std::move(socket);
    entered = co_await Enter(connection, connecting);
  }
  if (absl::IsDeadlineExceeded(entered)) co_return Lost("it was not up in time");
  if (!entered.ok() || context.cancelled()) co_return entered;

  up_since_ = clock_.Now();
  LogUp();
  sink_->OnEventsUp();
  Spawn(executor_, Receive(connection, while_connected));
  Spawn(executor_, WatchCredential(connection, while_connected));
  // Not cancelled, so that the reader has ended when this returns.
  co_await Deliver(connection, context.Detached(Clock::TimePoint::max()));
  connection->stop.RequestStop();
  connection->socket.reset();
  co_return *connection->end;
}

WebSocketRequest EventStream::MakeRequest(const Credential& credential) const {
  QueryString query;
  if (!credential.organization_id.empty()) query.Add("organizationId", credential.organization_id);
  query.Add("source", kSource).Add("sdkVersion", kSdkVersion).Add("EIO", "4").Add("transport", "websocket");
  WebSocketRequest request;
  request.url = options_.api_url.Join("/socket.io/" + query.text());
  request.headers.Add("User-Agent", kUserAgent);
  return request;
}

Task<absl::Status> EventStream::Enter(std::shared_ptr<Connection> connection, CallContext context) {
  WebSocket& socket = *connection->socket;
  const absl::StatusOr<std::string> first = co_await socket.Read(context);
  if (!first.ok()) co_return first.status();
  const SocketIoPacket open = ParseSocketIo(*first);
  if (open.kind != Kind::kOpen) co_return Lost("the server does not speak Engine.IO");
  const absl::StatusOr<PingTerms> terms = ReadPingTerms(open.payload);
  if (!terms.ok()) co_return terms.status();
  connection->silence_limit = terms->interval + terms->timeout;

  std::string frame = SocketIoConnectFrame(connection->token.Reveal());
  const absl::Status sent = co_await socket.Write(context, frame);
  WipeString(frame);
  if (!sent.ok()) co_return sent;

  while (true) {
    const absl::StatusOr<std::string> answer = co_await socket.Read(context);
    if (!answer.ok()) co_return answer.status();
    switch (ParseSocketIo(*answer).kind) {
      case Kind::kConnected:
        co_return absl::OkStatus();
      case Kind::kConnectError:
        co_return Refused();
      case Kind::kClose:
      case Kind::kDisconnected:
        co_return Lost("the server closed it before it was up");
      case Kind::kPing: {
        const absl::Status answered = co_await socket.Write(context, kSocketIoPong);
        if (!answered.ok()) co_return answered;
        break;
      }
      default:
        break;
    }
  }
}

Task<void> EventStream::Receive(std::shared_ptr<Connection> connection, CallContext context) {
  co_await boost::asio::this_coro::throw_if_cancelled(false);
  absl::Status end = co_await ReadPackets(connection, context);
  connection->end = absl::IsDeadlineExceeded(end) ? Lost("the server was silent for too long") : std::move(end);
  connection->arrived.Set();
}

Task<absl::Status> EventStream::ReadPackets(std::shared_ptr<Connection> connection, CallContext context) {
  WebSocket& socket = *connection->socket;
  while (true) {
    const CallContext limited = context.WithDeadline(clock_.Now() + connection->silence_limit);
    absl::StatusOr<std::string> packet = co_await socket.Read(limited);
    if (!packet.ok()) co_return packet.status();
    switch (ParseSocketIo(*packet).kind) {
      case Kind::kPing: {
        const absl::Status answered = co_await socket.Write(limited, kSocketIoPong);
        if (!answered.ok()) co_return answered;
        break;
      }
      case Kind::kEvent: {
        while (connection->queued_bytes > kMaxQueuedBytes) {
          const absl::Status waited = co_await connection->room.Wait(context);
          if (!waited.ok()) co_return waited;
        }
        connection->queued_bytes += packet->size();
        connection->events.push_back(*std::move(packet));
        connection->arrived.Set();
        break;
      }
      case Kind::kClose:
      case Kind::kDisconnected:
        co_return Lost("the server closed it");
      case Kind::kConnectError:
        co_return Refused();
      case Kind::kBinary:
        co_return Lost("the server sent a binary packet");
      default:
        break;
    }
  }
}

Task<void> EventStream::Deliver(std::shared_ptr<Connection> connection, CallContext context) {
  while (true) {
    while (!connection->events.empty() && sink_ != nullptr) {
      const std::string packet = std::move(connection->events.front());
      connection->events.pop_front();
      connection->queued_bytes -= packet.size();
      connection->room.Set();
      const auto read = [&packet] { return ReadEvent(ParseSocketIo(packet).payload); };
      absl::StatusOr<std::function<void(EventSink&)>> tell;
      if (options_.pool != nullptr && packet.size() > kReadOnLoop) {
        tell = co_await RunOnPool(*options_.pool, read);
      } else {
        tell = read();
      }
      if (!tell.ok()) {
        Log(LogLevel::kDebug, "an event is skipped: it cannot be parsed");
      } else if (sink_ != nullptr) {
        (*tell)(*sink_);
      }
      // Let other coroutines run, including the reader.
      co_await boost::asio::post(executor_, kUseTask);
    }
    if (connection->end.has_value()) co_return;
    (void)co_await connection->arrived.Wait(context);
  }
}

Task<void> EventStream::WatchCredential(std::shared_ptr<Connection> connection, CallContext context) {
  co_await boost::asio::this_coro::throw_if_cancelled(false);
  while (IsCurrent(connection->token)) {
    const absl::Status slept = co_await clock_.Sleep(context, options_.credential_interval);
    if (!slept.ok()) co_return;
  }
  connection->stop.RequestStop();
}

Clock::Duration EventStream::NextDelay(const absl::Status& end) {
  const bool refused = IsRefusal(end);
  const bool was_good = up_since_.has_value() && clock_.Now() - *up_since_ >= options_.good_after;
  if (was_good || refused != was_refused_) failures_ = 0;
  was_refused_ = refused;
  const Clock::Duration most = refused ? options_.max_refused_delay : options_.max_delay;
  Clock::Duration longest = refused ? options_.first_refused_delay : options_.first_delay;
  for (int i = 0; i < failures_ && longest < most; ++i) longest *= 2;
  ++failures_;
  return std::chrono::duration_cast<Clock::Duration>(std::min(longest, most) * (0.5 + 0.5 * random_()));
}

Task<void> EventStream::Pause(CallContext context, Clock::Duration delay, Secret token) {
  const Clock::TimePoint end = clock_.Now() + delay;
  while (clock_.Now() < end && IsCurrent(token)) {
    const Clock::Duration part = std::min(end - clock_.Now(), options_.credential_interval);
    const absl::Status slept = co_await clock_.Sleep(context, part);
    if (!slept.ok()) co_return;
  }
}

void EventStream::LogUp() {
  if (std::exchange(logged_, "up") != "up") Log(LogLevel::kInfo, "events of Daytona arrive");
}

void EventStream::LogDown(const absl::Status& reason) {
  // Not the whole message: libcurl's texts contain times.
  const std::string state =
      absl::StrCat(ErrorReason(reason), " ", ErrorMetadataValue(reason, "http_status").value_or(""));
  if (std::exchange(logged_, state) == state) return;
  Log(IsRefusal(reason) ? LogLevel::kWarning : LogLevel::kInfo, "events of Daytona do not arrive, polling goes on",
      {{"reason", ErrorReason(reason)}, {"error", StdView(reason.message())}});
}

}  // namespace daytonad
