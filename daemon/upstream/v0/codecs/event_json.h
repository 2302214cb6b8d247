#ifndef DAYTONAD_DAEMON_UPSTREAM_V0_CODECS_EVENT_JSON_H_
#define DAYTONAD_DAEMON_UPSTREAM_V0_CODECS_EVENT_JSON_H_

#include <chrono>
#include <functional>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "daemon/api/events.h"
#include "daemon/base/clock.h"

// The JSON of upstream's event connection.
namespace daytonad {

// Parses one event, `["sandbox.created",{...}]`, into a call of the sink. Events that the daemon does not use are not
// parsed and yield nothing. UPSTREAM_MALFORMED_RESPONSE if it cannot be parsed; the message does not quote it.
absl::StatusOr<std::function<void(EventSink&)>> ReadEvent(std::string_view event);

// Parses one event and passes it to the sink.
absl::Status DeliverEvent(std::string_view event, EventSink& sink);

// The server's ping interval, and the timeout after it. Both sides close a connection that exceeds them.
struct PingTerms {
  Clock::Duration interval = std::chrono::seconds(25);
  Clock::Duration timeout = std::chrono::seconds(20);
};

// Parses the server's first message, `{"pingInterval":25000,"pingTimeout":20000,...}`. Missing values have the defaults
// above; extreme ones are clamped. UPSTREAM_MALFORMED_RESPONSE if it is no JSON object.
absl::StatusOr<PingTerms> ReadPingTerms(std::string_view open_payload);

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_UPSTREAM_V0_CODECS_EVENT_JSON_H_
