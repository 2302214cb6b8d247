#include <openssl/sha.h>

#include <map>
#include <memory>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "daemon/base/absent.h"
#include "daemon/net/http_client.h"
#include "daemon/operations/image_builder.h"
#include "daemon/operations/outcome.h"
#include "daemon/operations/sandbox_states.h"
#include "daemon/operations/sandboxes.h"
#include "daemon/operations/settle.h"

namespace daytonad {
namespace {

using SandboxResult = absl::StatusOr<v1::Sandbox>;

// The name of a sandbox that was given none, only a request id: nobody else comes to it, and every daemon does.
std::string NameFor(const RequestKey& key) {
  unsigned char digest[SHA256_DIGEST_LENGTH];
  SHA256(reinterpret_cast<const unsigned char*>(key.id.data()), key.id.size(), digest);
  return absl::StrCat("daytonad-",
                      absl::BytesToHexString(absl::string_view(reinterpret_cast<const char*>(digest), 16)));
}

using TextMap = google::protobuf::Map<std::string, std::string>;

// But for the language's label, which the daemon adds.
bool SameTexts(const TextMap& map, const TextMap& other) {
  const auto without_language = [](const TextMap& texts) {
    std::map<std::string, std::string> ordered(texts.begin(), texts.end());
    ordered.erase("code-toolbox-language");
    return ordered;
  };
  return without_language(map) == without_language(other);
}

// Is all that was asked for, and that a sandbox tells of itself, as it was asked for?
bool Fits(const v1::Sandbox& sandbox, const v1::SandboxSpec& spec, const std::optional<ImageBuild>& build) {
  if (build.has_value() && sandbox.build_info().dockerfile_content() != build->dockerfile) return false;
  return SameTexts(sandbox.labels(), spec.labels()) && SameTexts(sandbox.env(), spec.env()) &&
         (spec.user().empty() || sandbox.user() == spec.user()) &&
         (spec.target().empty() || sandbox.target() == spec.target()) && build.has_value() == sandbox.has_build_info();
}

std::string WhatIsLeft(const CallContext& context, const absl::Status& status) {
  if (DeliveryOf(status) == Delivery::kNotSent) return "nothing was sent, too many creates wait";
  if (context.request_key() != nullptr) {
    return "if the request was sent, the sandbox may still come up; call again with the same request_id to learn of it";
  }
  return "the request was sent, and the sandbox may still come up";
}

}  // namespace

Task<SandboxOperations::SharedResult> SandboxOperations::Create(CallContext context,
                                                                std::shared_ptr<v1::SandboxSpec> spec,
                                                                CreateOptions options) {
  const WaitContext limits(context, clock_, options.timeout);
  if (spec->name().empty() && context.request_key() != nullptr) spec->set_name(NameFor(*context.request_key()));
  const auto created = std::make_shared<Changed<v1::Sandbox>>();
  RequestLog::Change<v1::Sandbox> once = [this, spec](CallContext own) { return CreateNow(std::move(own), spec); };
  absl::Status status = co_await with_.requests.Once(limits.wait, std::move(once), *created);
  if (!status.ok()) {
    const std::string left = WhatIsLeft(context, status);
    status = ExplainTimeout(std::move(status), limits, clock_, left);
    // Last, so that every error has it.
    if (!spec->name().empty()) status = WithErrorMetadata(std::move(status), "sandbox_name", spec->name());
    co_return status;
  }
  spec.reset();  // the wait may be long
  const std::shared_ptr<const v1::Sandbox> made(created, &created->object);
  // From a pool of warm sandboxes one is there at once; any other answer is older than the sandbox.
  const bool up = made->state() == v1::SANDBOX_STATE_STARTED && options.observer == nullptr;
  if (!options.wait || up) co_return made;
  SharedResult sandbox = co_await WaitUntilUp(limits, made, options);
  if (sandbox.ok() && !created->concluded) with_.requests.Conclude(context, **sandbox);
  co_return sandbox;
}

Task<SandboxResult> SandboxOperations::CreateNow(CallContext context, std::shared_ptr<const v1::SandboxSpec> spec) {
  absl::StatusOr<std::optional<ImageBuild>> build = co_await with_.images.ForSandbox(context, *spec);
  if (!build.ok()) co_return build.status();
  const absl::StatusOr<Admission::Permit> turn = co_await create_turns_.Acquire(context);
  if (!turn.ok()) co_return WithDelivery(turn.status(), Delivery::kNotSent);
  co_return co_await PostCreate(std::move(context), std::move(spec), *std::move(build));
}

Task<SandboxResult> SandboxOperations::PostCreate(CallContext context, std::shared_ptr<const v1::SandboxSpec> spec,
                                                  std::optional<ImageBuild> build) {
  const auto shared_build = std::make_shared<const std::optional<ImageBuild>>(std::move(build));
  CreateRequest<v1::Sandbox> request;
  request.post = [this, spec, shared_build](CallContext call) {
    NewSandbox sandbox{*spec, *shared_build};
    return api_.CreateSandbox(std::move(call), std::move(sandbox));
  };
  if (!spec->name().empty()) {
    request.find = [this, spec](CallContext call) { return FindByName(std::move(call), spec->name()); };
    request.is_ours = [since = MadeSince(), spec, shared_build](const v1::Sandbox& found) {
      return since(found) && Fits(found, *spec, *shared_build);
    };
    request.name_is_ours = context.request_key() != nullptr && spec->name() == NameFor(*context.request_key());
  }
  SandboxResult answer = co_await CreateOrAdopt(clock_, context, request);
  // Upstream says that the new sandbox failed, and not which one it is.
  if (ErrorReason(answer.status()) == "SANDBOX_FAILED" && request.find) {
    const std::optional<v1::Sandbox> failed = co_await FindTaken(clock_, std::move(context), request);
    if (failed.has_value()) co_return Naming(answer.status(), *failed);
  }
  co_return answer;
}

Task<absl::StatusOr<std::optional<v1::Sandbox>>> SandboxOperations::FindByName(CallContext context, std::string name) {
  using Found = std::optional<v1::Sandbox>;
  SandboxListQuery query;
  query.filter.set_name_prefix(name);
  query.sort = v1::SANDBOX_SORT_FIELD_NAME;
  query.order = v1::SORT_ORDER_ASC;  // of all that begin with the name, the name itself comes first
  absl::StatusOr<SandboxPage> page = co_await api_.ListSandboxes(context, std::move(query), "");
  if (!page.ok()) co_return page.status();
  for (const v1::Sandbox& item : page->items) {
    if (item.name() != name) continue;
    SandboxResult whole = co_await api_.GetSandbox(std::move(context), item.id());
    if (whole.ok()) co_return Found(*std::move(whole));
    if (IsAbsent(whole.status())) co_return Found();  // the list was late
    co_return whole.status();
  }
  co_return Found();
}

Task<SandboxOperations::SharedResult> SandboxOperations::WaitUntilUp(WaitContext limits,
                                                                     std::shared_ptr<const v1::Sandbox> made,
                                                                     CreateOptions options) {
  Creation<v1::Sandbox> creation;
  creation.owner = LogOwner::kSandbox;
  creation.watch = Watching(*made);
  creation.goal.decide = DecideByState({v1::SANDBOX_STATE_STARTED});
  creation.building = IsBuilding;
  creation.log_offset = options.log_offset;
  CreationWait<v1::Sandbox> wait(with_.executor, clock_, with_.follower, limits, std::move(creation), options.observer);
  Sighting<v1::Sandbox> last;
  last.object = std::move(made);
  absl::Status status = co_await wait.Run(last);
  if (status.ok()) co_return last.object;
  co_return Naming(ExplainTimeout(std::move(status), limits, clock_, "the sandbox is still coming up"), *last.object);
}

}  // namespace daytonad
