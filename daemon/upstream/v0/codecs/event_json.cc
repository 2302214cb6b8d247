#include "daemon/upstream/v0/codecs/event_json.h"

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <utility>

#include "daemon/upstream/v0/codecs/json_fields.h"
#include "daemon/upstream/v0/codecs/sandbox_json.h"
#include "daemon/upstream/v0/codecs/snapshot_json.h"
#include "daemon/upstream/v0/codecs/volume_json.h"

namespace daytonad {
namespace {

enum class Subject { kSandbox, kSnapshot, kSnapshotRemoved, kVolume };

constexpr std::array<std::pair<std::string_view, Subject>, 9> kEvents = {{
    {"sandbox.created", Subject::kSandbox},
    {"sandbox.state.updated", Subject::kSandbox},
    {"sandbox.desired-state.updated", Subject::kSandbox},
    {"snapshot.created", Subject::kSnapshot},
    {"snapshot.state.updated", Subject::kSnapshot},
    {"snapshot.removed", Subject::kSnapshotRemoved},
    {"volume.created", Subject::kVolume},
    {"volume.state.updated", Subject::kVolume},
    {"volume.lastUsedAt.updated", Subject::kVolume},
}};

std::optional<Subject> SubjectOf(std::string_view name) {
  const auto* const event = std::ranges::find(kEvents, name, [](const auto& entry) { return entry.first; });
  if (event == kEvents.end()) return std::nullopt;
  return event->second;
}

// The first element of a JSON array of which that is a plain string; empty otherwise.
std::string_view NameOf(std::string_view event) {
  const auto skip = [&event](char wanted) {
    constexpr std::string_view kWhite = " \t\r\n";
    event.remove_prefix(std::min(event.find_first_not_of(kWhite), event.size()));
    if (event.empty() || event.front() != wanted) return false;
    event.remove_prefix(1);
    return true;
  };
  if (!skip('[') || !skip('"')) return {};
  const size_t end = event.find_first_of("\"\\");
  return end == std::string_view::npos || event[end] == '\\' ? std::string_view() : event.substr(0, end);
}

// The object that the event is about: a member of the payload beside the old and the new state, or the payload itself.
Json& ObjectOf(Json& payload, const char* member) {
  const auto object = payload.find(member);
  return object != payload.end() && object->is_object() ? *object : payload;
}

// The new state stands beside the object and in it. What is in it wins, as in the SDKs.
void AddNewState(const Json& payload, Json& object, const char* in_payload, const char* in_object) {
  const JsonFields fields(payload);
  const Json* state = fields.Find(in_payload);
  if (state != nullptr && JsonFields(object).Find(in_object) == nullptr) object[in_object] = *state;
}

Json& StatefulObjectOf(Json& payload, const char* member) {
  Json& object = ObjectOf(payload, member);
  AddNewState(payload, object, "newState", "state");
  AddNewState(payload, object, "newDesiredState", "desiredState");
  return object;
}

}  // namespace

absl::StatusOr<std::function<void(EventSink&)>> ReadEvent(std::string_view event) {
  using Tell = std::function<void(EventSink&)>;
  const std::string_view name = NameOf(event);
  if (name.empty()) return MalformedResponse("an event has no name");
  const std::optional<Subject> subject = SubjectOf(name);
  if (!subject.has_value()) return Tell([](EventSink&) {});
  Json json = ParseLeniently(event);
  if (!json.is_array() || json.size() < 2 || !json[1].is_object()) return MalformedResponse("an event has no object");
  Json& payload = json[1];
  switch (*subject) {
    case Subject::kSandbox: {
      absl::StatusOr<v1::Sandbox> sandbox = ReadSandbox(StatefulObjectOf(payload, "sandbox"));
      if (!sandbox.ok()) return sandbox.status();
      return Tell([sandbox = *std::move(sandbox)](EventSink& sink) mutable { sink.OnSandbox(std::move(sandbox)); });
    }
    case Subject::kSnapshot: {
      absl::StatusOr<v1::Snapshot> snapshot = ReadSnapshot(StatefulObjectOf(payload, "snapshot"));
      if (!snapshot.ok()) return snapshot.status();
      return Tell([snapshot = *std::move(snapshot)](EventSink& sink) mutable { sink.OnSnapshot(std::move(snapshot)); });
    }
    case Subject::kSnapshotRemoved: {
      const JsonFields snapshot(ObjectOf(payload, "snapshot"));
      std::string snapshot_name = snapshot.String("name");
      if (snapshot_name.empty()) return MalformedResponse("a removed snapshot has no `name`");
      return Tell(
          [id = snapshot.String("id"), snapshot_name](EventSink& sink) { sink.OnSnapshotRemoved(id, snapshot_name); });
    }
    case Subject::kVolume: {
      absl::StatusOr<v1::Volume> volume = ReadVolume(StatefulObjectOf(payload, "volume"));
      if (!volume.ok()) return volume.status();
      return Tell([volume = *std::move(volume)](EventSink& sink) mutable { sink.OnVolume(std::move(volume)); });
    }
  }
  return MalformedResponse("an event has no subject");
}

absl::Status DeliverEvent(std::string_view event, EventSink& sink) {
  const absl::StatusOr<std::function<void(EventSink&)>> tell = ReadEvent(event);
  if (tell.ok()) (*tell)(sink);
  return tell.status();
}

absl::StatusOr<PingTerms> ReadPingTerms(std::string_view open_payload) {
  using std::chrono::milliseconds;
  constexpr int32_t kLeast = 1'000;
  constexpr int32_t kMost = 600'000;
  const Json json = ParseLeniently(open_payload);
  if (!json.is_object()) return MalformedResponse("the handshake of the event connection is no JSON object");
  const JsonFields fields(json);
  PingTerms terms;
  if (const auto ms = fields.Int32("pingInterval")) terms.interval = milliseconds(std::clamp(*ms, kLeast, kMost));
  if (const auto ms = fields.Int32("pingTimeout")) terms.timeout = milliseconds(std::clamp(*ms, kLeast, kMost));
  return terms;
}

}  // namespace daytonad
