#include "emulator/control/control_routes.h"

#include <algorithm>
#include <cstdint>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "daemon/base/absl_view.h"
#include "emulator/base/json.h"
#include "emulator/control/force_sandboxes.h"
#include "emulator/world/validation.h"

namespace daytonad::emulator {
namespace {

Json StorageContent(const Storage& storage) {
  Json objects = Json::array();
  for (const auto& [key, object] : storage.objects()) {
    objects.push_back({{"key", key},
                       {"size", object.size},
                       {"md5", object.Md5Hex()},
                       {"etag", object.etag},
                       {"pieces", object.pieces.size()}});
  }
  Json uploads = Json::array();
  for (const auto& [id, upload] : storage.uploads()) {
    std::uint64_t size = 0;
    for (const auto& [number, part] : upload.parts) size += part->size();
    uploads.push_back({{"uploadId", id}, {"key", upload.key}, {"parts", upload.parts.size()}, {"size", size}});
  }
  return {{"configured", storage.configured()},
          {"objects", std::move(objects)},
          {"uploads", std::move(uploads)},
          {"foreignCredentials", storage.foreign_credentials()}};
}

}  // namespace

ControlRoutes::ControlRoutes(World& world, Api& api, const HttpServer& server) : world_(world), server_(server) {
  router_.Add("POST", "/_emulator/faults", kOpen, [&api](const Call& call) {
    const auto id = api.faults().Add(call.body);
    id.ok() ? call.Reply(200, {{"id", *id}}) : call.ReplyError(id.error());
  });
  router_.Add("GET", "/_emulator/faults", kOpen, [&api](const Call& call) { call.Reply(200, api.faults().List()); });
  router_.Add("DELETE", "/_emulator/faults", kOpen, [&api](const Call& call) {
    api.faults().Clear();
    call.ReplyEmpty(204);
  });
  router_.Add("GET", "/_emulator/requests", kOpen, [&api](const Call& call) {
    std::uint64_t since = 0;
    if (!absl::SimpleAtoi(call.query.Get("since").value_or("0"), &since))
      return call.ReplyError(BadRequest("\"since\" must be a request's seq"));
    call.Reply(200, api.recorder().ToJson(since));
  });
  router_.Add("DELETE", "/_emulator/requests", kOpen, [&api](const Call& call) {
    api.recorder().Reset();
    call.ReplyEmpty(204);
  });
  router_.Add("GET", "/_emulator/connections", kOpen, [this](const Call& call) { call.Reply(200, Connections()); });
  router_.Add("POST", "/_emulator/sandboxes/{}", kOpen, [this](const Call& call) {
    auto found = world_.sandboxes.Get(call.params[0]);
    if (!found.ok()) return call.ReplyError(found.error());
    const std::string end = StringOr(call.body, "end");
    if (end == "queue-timeout") {
      world_.sandboxes.TimeOutInQueue(*found);
    } else if (end == "spot-eviction") {
      world_.sandboxes.EvictSpot(*found);
    } else if (end.empty()) {
      world_.sandboxes.Force(**found, call.body);
    } else {
      return call.ReplyError(BadRequest(R"("end" must be "queue-timeout" or "spot-eviction")"));
    }
    call.ReplyText(200, (*found)->FullText());
  });
  router_.Add("POST", "/_emulator/sandboxes", kOpen, [this](const Call& call) { ForceSandboxes(world_, call); });
  AddStorageRoutes();
  AddEventRoutes(api.gateway());
  router_.Add("POST", "/_emulator/snapshots/{}", kOpen, [this](const Call& call) {
    const SnapshotPtr snapshot = world_.snapshots.Find(call.params[0]);
    if (snapshot == nullptr) return call.ReplyError(NotFound(absl::StrCat("no snapshot ", call.params[0])));
    world_.snapshots.Force(*snapshot, call.body);
    call.Reply(200, snapshot->ToJson());
  });
}

void ControlRoutes::AddStorageRoutes() {
  router_.Add("GET", "/_emulator/storage", kOpen,
              [this](const Call& call) { call.Reply(200, StorageContent(world_.storage)); });
  router_.Add("POST", "/_emulator/storage", kOpen, [this](const Call& call) {
    Storage& storage = world_.storage;
    storage.set_configured(BooleanOr(call.body, "configured", storage.configured()));
    if (BooleanOr(call.body, "expireKeys", false)) storage.ExpireKeys();
    call.Reply(200, StorageContent(storage));
  });
  router_.Add("DELETE", "/_emulator/storage", kOpen, [this](const Call& call) {
    world_.storage.Clear();
    call.ReplyEmpty(204);
  });
  router_.Add("GET", "/_emulator/storage/object", kOpen, [this](const Call& call) {
    const std::string key = call.query.Get("key").value_or("");
    const StoredObject* const object = world_.storage.Find(key);
    if (object == nullptr) return call.ReplyError(NotFound(absl::StrCat("no object ", key)));
    Response response;
    response.content_type = "application/octet-stream";
    response.body = std::make_shared<const std::string>(object->ToString());
    call.exchange->Reply(std::move(response));
  });
}

void ControlRoutes::AddEventRoutes(EventGateway& gateway) {
  router_.Add("GET", "/_emulator/events", kOpen, [&gateway](const Call& call) { call.Reply(200, gateway.ToJson()); });
  router_.Add("POST", "/_emulator/events", kOpen, [&gateway](const Call& call) {
    const auto done = gateway.Control(call.body);
    done.ok() ? call.Reply(200, gateway.ToJson()) : call.ReplyError(done.error());
  });
  router_.Add("POST", "/_emulator/keys", kOpen, [this, &gateway](const Call& call) {
    for (const char* const list : {"accept", "revoke"}) {
      const Json keys = MemberOr(call.body, list, Json::array());
      const bool texts = std::all_of(keys.begin(), keys.end(), [](const Json& key) { return key.is_string(); });
      if (!keys.is_array() || !texts) {
        return call.ReplyError(BadRequest(absl::StrCat("\"", list, "\" must be a list of keys")));
      }
    }
    for (const Json& key : MemberOr(call.body, "accept", Json::array())) world_.credentials.Accept(key);
    for (const Json& key : MemberOr(call.body, "revoke", Json::array())) {
      world_.credentials.Revoke(key);
      gateway.EndConnectionsOf(key.get<std::string>());
    }
    call.ReplyEmpty(204);
  });
}

Json ControlRoutes::Connections() const {
  std::uint64_t in_progress = 0;
  std::uint64_t streams = 0;
  std::map<std::string, std::uint64_t> by_path;
  server_.ForEachExchange([&](const Exchange& exchange) {
    if (exchange.request().Path().starts_with(kPrefix) || exchange.upgraded()) return;
    ++in_progress;
    if (exchange.streaming()) ++streams;
    ++by_path[absl::StrCat(exchange.request().method, " ", AbslView(exchange.request().Path()))];
  });
  return {{"open", server_.open_connections()},
          {"inProgress", in_progress},
          {"inProgressByPath", by_path},
          {"incomingBodies", server_.incoming_bodies()},
          {"streams", streams},
          {"clientsGone", server_.clients_gone()}};
}

void ControlRoutes::Handle(const std::shared_ptr<Exchange>& exchange) const {
  const Request& request = exchange->request();
  Call call;
  call.exchange = exchange;
  call.scheduler = &world_.scheduler;
  if (!request.from_loopback) return call.ReplyError({403, "control routes are for clients on this machine"});
  const Route* route = router_.Find(request.method, request.Path(), call.params);
  if (route == nullptr) {
    return call.ReplyError(NotFound(absl::StrCat("no control route ", request.method, " ", AbslView(request.Path()))));
  }
  if (!request.body.empty()) {
    call.body = Json::parse(request.body, nullptr, /*allow_exceptions=*/false);
    if (!call.body.is_object()) return call.ReplyError(BadRequest("the body must be a JSON object"));
  }
  call.query = QueryParams(request.Query());
  route->handler(std::move(call));
}

}  // namespace daytonad::emulator
