#include "emulator/events/event_gateway.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "daemon/base/absl_view.h"
#include "emulator/http/url.h"
#include "emulator/http/websocket.h"
#include "emulator/world/validation.h"

namespace daytonad::emulator {
namespace {

constexpr std::string_view kPath = "/socket.io/";
constexpr std::string_view kUnauthorized = "unauthorized";
constexpr std::string_view kUnavailable = "http-503";

// An error in Engine.IO's form.
struct EngineError {
  int code;
  std::string_view message;
};

// Why a request cannot become an event connection, in Engine.IO's order of checks.
std::optional<EngineError> Check(const Request& request, const QueryParams& query) {
  const bool websocket = absl::EqualsIgnoreCase(AbslView(request.Find("Upgrade")), "websocket");
  if (query.Get("transport") != "websocket") return EngineError{0, "Transport unknown"};
  if (query.Get("sid").has_value()) return EngineError{1, "Session ID unknown"};
  if (request.method != "GET") return EngineError{2, "Bad handshake method"};
  if (!websocket || request.Find("Sec-WebSocket-Key").empty()) return EngineError{3, "Bad request"};
  if (query.Get("EIO") != "4") return EngineError{5, "Unsupported protocol version"};
  return std::nullopt;
}

void Refuse(const std::shared_ptr<Exchange>& exchange, int status, const Json& body) {
  Response response;
  response.status = status;
  response.content_type = "application/json";
  response.body = std::make_shared<const std::string>(ToText(body));
  exchange->Reply(std::move(response));
}

// Empty if nothing is wrong.
std::string ControlFault(const Json& changes) {
  static constexpr std::array<std::string_view, 5> kSwitches = {"cut", "disconnect", "duplicate", "reorder", "silent"};
  for (const auto& [name, value] : changes.items()) {
    if (std::find(kSwitches.begin(), kSwitches.end(), name) != kSwitches.end()) {
      if (!value.is_boolean()) return absl::StrCat("\"", name, "\" must be true or false");
    } else if (name == "drop") {
      if (!value.is_boolean() && !value.is_number_unsigned()) return R"("drop" must be true, false or a number)";
    } else if (name == "delay_ms") {
      if (!value.is_number_unsigned()) return R"("delay_ms" must be a number of milliseconds)";
    } else if (name == "refuse") {
      if (!value.is_null() && value != kUnauthorized && value != kUnavailable) {
        return R"("refuse" must be "unauthorized", "http-503" or null)";
      }
    } else if (name == "garbage") {
      if (!value.is_string()) return R"("garbage" must be a text)";
    } else {
      return absl::StrCat("\"", name,
                          "\" is not one of cut, disconnect, refuse, drop, duplicate, delay_ms, reorder, garbage, ",
                          "silent");
    }
  }
  return "";
}

}  // namespace

EventGateway::EventGateway(World& world)
    : world_(world), faults_(world.scheduler, [this](const Frame& frame) {
        ForEach([&](EventConnection& connection) {
          if (!Hears(connection)) return;
          ++sent_;
          connection.Send(frame);
        });
      }) {
  world.events.SetListener([this](const std::string& event) {
    faults_.Pass(std::make_shared<const std::string>(WebSocketFrame(Opcode::kText, absl::StrCat("42", event))));
  });
}

EventGateway::~EventGateway() {
  ForEach([](EventConnection& connection) { connection.Abort(); });
}

bool EventGateway::Owns(std::string_view path) const {
  return world_.options.events && path == world_.options.base_path + std::string(kPath);
}

void EventGateway::Serve(const std::shared_ptr<Exchange>& exchange) {
  const QueryParams query(exchange->request().Query());
  if (refuse_ == kUnavailable) {
    ++refused_;
    return Refuse(exchange, 503, {{"statusCode", 503}, {"message", "Service Unavailable"}});
  }
  if (const auto error = Check(exchange->request(), query)) {
    return Refuse(exchange, 400, {{"code", error->code}, {"message", error->message}});
  }
  const EventConnection::Settings settings{world_.options.ping_interval, world_.options.ping_timeout,
                                           world_.options.max_event_backlog};
  EventConnection::Owner& owner = *this;
  const auto connection = std::make_shared<EventConnection>(exchange, world_.scheduler, settings, owner);
  connection->set_organization(query.Get("organizationId").value_or(""));
  connections_.insert(connection);
  connection->Start();
}

bool EventGateway::Admits(std::string_view token) {
  const bool known = world_.credentials.IsApiKey(token) || world_.credentials.IsJwt(token);
  const bool admitted = known && refuse_.empty();
  ++(admitted ? accepted_ : refused_);
  return admitted;
}

// A key belongs to an organization. A JWT belongs to a user, who receives only the events of the organization that the
// query names.
bool EventGateway::Hears(const EventConnection& connection) const {
  if (!connection.joined()) return false;
  return !world_.credentials.IsJwt(connection.token()) || !connection.organization().empty();
}

void EventGateway::Changed(EventConnection& connection) {
  if (connection.ended()) connections_.erase(connection.shared_from_this());
  world_.events.set_heard(
      std::any_of(connections_.begin(), connections_.end(), [this](const auto& each) { return Hears(*each); }));
}

template <typename Action>
void EventGateway::ForEach(Action action) {
  const std::vector<std::shared_ptr<EventConnection>> now(connections_.begin(), connections_.end());
  for (const auto& connection : now) action(*connection);
}

Outcome<Done> EventGateway::Control(const Json& changes) {
  if (const std::string fault = ControlFault(changes); !fault.empty()) return BadRequest(fault);
  faults_.Set(changes);
  if (changes.contains("refuse")) refuse_ = StringOr(changes, "refuse");
  if (const auto garbage = OptionalString(changes, "garbage")) {
    const auto frame = std::make_shared<const std::string>(WebSocketFrame(Opcode::kText, *garbage));
    ForEach([&](EventConnection& connection) { connection.Send(frame); });
  }
  if (BooleanOr(changes, "disconnect", false)) {
    ForEach([](EventConnection& connection) { connection.Disconnect(/*close=*/false); });
  }
  if (BooleanOr(changes, "cut", false)) {
    ForEach([](EventConnection& connection) { connection.Abort(); });
  }
  return Done{};
}

void EventGateway::EndConnectionsOf(std::string_view token) {
  ForEach([&](EventConnection& connection) {
    if (connection.token() == token) connection.Disconnect(/*close=*/true);
  });
}

Json EventGateway::ToJson() const {
  const auto joined =
      std::count_if(connections_.begin(), connections_.end(), [](const auto& each) { return each->joined(); });
  Json json = {{"connections", connections_.size()},
               {"joined", joined},
               {"accepted", accepted_},
               {"refused", refused_},
               {"sent", sent_},
               {"dropped", faults_.dropped()},
               {"refuse", refuse_.empty() ? Json() : Json(refuse_)}};
  json.update(faults_.ToJson());
  return json;
}

}  // namespace daytonad::emulator
