#include <functional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "emulator/api/routes.h"
#include "emulator/world/sandbox_list.h"

namespace daytonad::emulator {
namespace {

using Sink = std::function<void(const SandboxPtr&)>;

void Create(World& world, Call call) {
  auto created = world.sandboxes.Create(call.body);
  if (!created.ok()) return call.ReplyError(created.error());
  const SandboxPtr sandbox = *created;
  // The answer shows the sandbox as it is now, however long the answer is held.
  auto text = std::make_shared<const std::string>(sandbox->ToText(SandboxView::kCreated));
  if (sandbox->build_info.has_value()) {
    return world.sandboxes.WhenAccepted(*sandbox, [call = std::move(call), text] { call.ReplyText(200, text); });
  }
  world.sandboxes.WhenSettled(sandbox, world.options.hold_limit, [call = std::move(call), sandbox, text] {
    if (sandbox->state == "error") {
      call.ReplyError(BadRequest(absl::StrCat("Sandbox failed to start: ", sandbox->error_reason.value_or(""))));
    } else {
      call.ReplyText(200, text);
    }
  });
}

void Start(World& world, Call call) {
  auto found = world.sandboxes.Get(call.params[0]);
  if (!found.ok()) return call.ReplyError(found.error());
  const SandboxPtr sandbox = *found;
  if (auto started = world.sandboxes.Start(sandbox); !started.ok()) return call.ReplyError(started.error());
  world.sandboxes.WhenSettled(sandbox, world.options.hold_limit, [call = std::move(call), sandbox] {
    if (sandbox->state == "error") {
      call.ReplyError(BadRequest(absl::StrCat("Sandbox failed to start: ", sandbox->error_reason.value_or(""))));
    } else {
      call.ReplyText(200, sandbox->FullText());
    }
  });
}

// The numbered list, which newer servers have dropped.
void AddPages(Router& router, World& world) {
  router.Add("GET", "/sandbox/paginated", kAuthenticated, [&world](const Call& call) {
    if (world.options.api_version < ApiVersion::k0_226) {
      const auto page = ListSandboxPages(call.query, world.sandboxes);
      return page.ok() ? call.Reply(200, *page) : call.ReplyError(page.error());
    }
    const Request& request = call.exchange->request();
    // Without a query, the route means a sandbox of that name.
    const auto found = world.sandboxes.Read("paginated");
    if (request.Query().empty() && found.ok()) return call.ReplyText(200, (*found)->FullText());
    call.ReplyError(NotFound(absl::StrCat("Cannot GET ", request.target)));
  });
}

// Routes that need a sandbox of another class than container, the only class here.
void AddRelativesRoutes(Router& router, World& world) {
  router.Add("POST", "/sandbox/{}/fork", kSandboxCreate, [&world](const Call& call) {
    auto found = world.sandboxes.Get(call.params[0]);
    found.ok() ? call.ReplyError({422, "Forking is not supported for this sandbox"}) : call.ReplyError(found.error());
  });
  router.Add("GET", "/sandbox/{}/forks", kAuthenticated, [&world](const Call& call) {
    auto found = world.sandboxes.Get(call.params[0]);
    found.ok() ? call.Reply(200, Json::array()) : call.ReplyError(found.error());
  });
  router.Add("GET", "/sandbox/{}/parent", kAuthenticated, [&world](const Call& call) {
    auto found = world.sandboxes.Get(call.params[0]);
    if (!found.ok()) return call.ReplyError(found.error());
    call.ReplyError(NotFound(absl::StrCat("Parent sandbox not found for sandbox ", (*found)->id)));
  });
}

// A route that looks a sandbox up, changes it and answers with it at once.
template <typename Change>
Route::Handler Changing(World& world, SandboxView view, Change change) {
  return [&world, view, change](const Call& call) {
    auto found = world.sandboxes.Get(call.params[0]);
    if (!found.ok()) return call.ReplyError(found.error());
    if (auto changed = change(world.sandboxes, *found); !changed.ok()) return call.ReplyError(changed.error());
    call.ReplyText(200, std::make_shared<const std::string>((*found)->ToText(view)));
  };
}

}  // namespace

void AddSandboxRoutes(Router& router, World& world) {
  router.Add("POST", "/sandbox", kSandboxCreate, [&world](Call call) { Create(world, std::move(call)); });
  router.Add("GET", "/sandbox", kAuthenticated, [&world](const Call& call) {
    const auto page = ListSandboxes(call.query, world.options.api_version, world.sandboxes);
    if (!page.ok()) return call.ReplyError(page.error());
    call.ReplyText(200, std::make_shared<const std::string>(*page));
  });
  AddPages(router, world);
  router.Add("GET", "/sandbox/{}", kAuthenticated, [&world](const Call& call) {
    auto found = world.sandboxes.Read(call.params[0]);
    found.ok() ? call.ReplyText(200, (*found)->FullText()) : call.ReplyError(found.error());
  });
  router.Add("POST", "/sandbox/{}/start", kSandboxLifecycle, [&world](Call call) { Start(world, std::move(call)); });
  router.Add("POST", "/sandbox/{}/stop", kSandboxLifecycle,
             Changing(world, SandboxView::kChanged, std::mem_fn(&Sandboxes::Stop)));
  router.Add("DELETE", "/sandbox/{}", kSandboxLifecycle, [&world](const Call& call) {
    const std::string& id_or_name = call.params[0];
    auto found = world.sandboxes.Get(id_or_name);
    if (!found.ok()) return call.ReplyError(found.error());
    if (auto deleted = world.sandboxes.Delete(*found, id_or_name); !deleted.ok()) {
      return call.ReplyError(deleted.error());
    }
    call.ReplyText(200, std::make_shared<const std::string>((*found)->ToText(SandboxView::kChanged)));
  });
  router.Add("POST", "/sandbox/{}/archive", kSandboxLifecycle,
             Changing(world, SandboxView::kFull, std::mem_fn(&Sandboxes::Archive)));
  router.Add("POST", "/sandbox/{}/recover", kSandboxLifecycle,
             Changing(world, SandboxView::kFull, std::mem_fn(&Sandboxes::Recover)));
  router.Add("POST", "/sandbox/{}/pause", kSandboxLifecycle, [&world](const Call& call) {
    auto found = world.sandboxes.Get(call.params[0]);
    if (!found.ok()) return call.ReplyError(found.error());
    if ((*found)->in_transition()) return call.ReplyError(StateChangeInProgress());
    if ((*found)->state != "started") {
      return call.ReplyError(BadRequest("Sandbox must be in started state to pause"));
    }
    // Every sandbox here is a container.
    call.ReplyError({422, "Pausing is not supported for this sandbox"});
  });
  AddRelativesRoutes(router, world);
}

}  // namespace daytonad::emulator
