#ifndef DAYTONAD_DAEMON_UPSTREAM_V0_EVENT_JSON_H_
#define DAYTONAD_DAEMON_UPSTREAM_V0_EVENT_JSON_H_

#include <chrono>
#include <functional>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "daemon/api/events.h"
#include "daemon/base/clock.h"

// The JSON of upstream's event connection.
namespace daytonad {

// What one event, `["sandbox.created",{...}]`, has to tell the sink. Events that nobody here wants tell nothing, and
// are not parsed. UPSTREAM_MALFORMED_RESPONSE if it can't be read; the message has nothing of it.
absl::StatusOr<std::function<void(EventSink&)>> ReadEvent(std::string_view event);

// Reads one event and hands it to the sink.
absl::Status DeliverEvent(std::string_view event, EventSink& sink);

// How often the server pings, and how long after that it gives us up; we give it up likewise.
struct PingTerms {
  Clock::Duration interval = std::chrono::seconds(25);
  Clock::Duration timeout = std::chrono::seconds(20);
};

// From what the server says first, `{"pingInterval":25000,"pingTimeout":20000,...}`. What it does not say is as above;
// what is out of reason is brought into it. UPSTREAM_MALFORMED_RESPONSE if that is no JSON object.
absl::StatusOr<PingTerms> ReadPingTerms(std::string_view open_payload);

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_UPSTREAM_V0_EVENT_JSON_H_
