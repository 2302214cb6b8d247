#include "emulator/world/builds.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "emulator/base/digest.h"
#include "emulator/base/wire_time.h"
#include "emulator/world/validation.h"

namespace daytonad::emulator {
namespace {

std::vector<std::string> Hashes(const Json& context_hashes) {
  std::vector<std::string> hashes;
  if (context_hashes.is_array()) {
    for (const Json& hash : context_hashes) hashes.push_back(hash.is_string() ? hash.get<std::string>() : ToText(hash));
  }
  return hashes;
}

std::string Reference(const std::string& dockerfile, const Json& context_hashes) {
  std::vector<std::string> hashes = Hashes(context_hashes);
  std::sort(hashes.begin(), hashes.end());
  std::string content = dockerfile;
  for (const std::string& hash : hashes) content += hash;
  return absl::StrCat("daytona-", Sha256Hex(content), ":daytona");
}

}  // namespace

std::uint64_t Build::Follow(Follower follower) {
  const std::uint64_t id = next_follower_++;
  followers_.emplace(id, std::move(follower));
  return id;
}

void Build::SetState(State state) {
  state_ = state;
  // Iterates over copies: an observer or follower may come or go meanwhile.
  const auto observers = observers_;
  for (const auto& observer : observers) observer(*this);
  if (state != State::kSucceeded) return;
  const auto followers = std::exchange(followers_, {});
  for (const auto& [id, follower] : followers) follower.on_end();
}

void Build::Append(std::string_view bytes) {
  log_ += bytes;
  const auto followers = followers_;
  for (const auto& [id, follower] : followers) follower.on_bytes(bytes);
}

void Build::FailWithout(const std::string& context_hash) {
  const std::string error = absl::StrCat("build context ", context_hash, " was not found in object storage");
  plan_ = {{error + "\n"}, error};
}

BuildInfo::BuildInfo(const Json& request, WallTime now)
    : dockerfile(StringOr(request, "dockerfileContent")),
      context_hashes(MemberOr(request, "contextHashes", Json())),
      ref(Reference(dockerfile, context_hashes)),
      created(now),
      updated(now) {}

Json BuildInfo::ToJson() const {
  return {{"dockerfileContent", dockerfile},
          {"contextHashes", context_hashes},
          {"createdAt", FormatTime(created)},
          {"updatedAt", FormatTime(updated)},
          {"snapshotRef", ref}};
}

Builds::~Builds() {
  // Breaks reference cycles: followers hold their build, and so do the callbacks that would remove them.
  for (const auto& [ref, build] : builds_) build->followers_.clear();
}

std::shared_ptr<Build> Builds::Find(const std::string& ref) const {
  const auto found = builds_.find(ref);
  return found == builds_.end() ? nullptr : found->second;
}

std::shared_ptr<Build> Builds::Start(const BuildInfo& info) {
  auto& build = builds_[info.ref];
  if (build != nullptr && !build->done()) return build;
  build = std::make_shared<Build>(info.ref, PlanBuild(info.dockerfile));
  scheduler_.After(delays_.queue, [this, build = build, hashes = Hashes(info.context_hashes)] {
    // Checked here, not earlier: the server accepts any hash; the builder fetches the contexts.
    for (const std::string& hash : hashes) {
      if (storage_.HasContext(hash)) continue;
      build->FailWithout(hash);
      break;
    }
    build->SetState(Build::State::kRunning);
    Step(build, 0, milliseconds::zero());
  });
  return build;
}

void Builds::Step(std::shared_ptr<Build> build, std::size_t next, milliseconds spent) {
  const std::vector<std::string>& writes = build->plan_.writes;
  if (next < writes.size()) {
    build->Append(writes[next]);
    const milliseconds pause =
        delays_.log_line.count() > 0 ? delays_.log_line : delays_.build / static_cast<int>(writes.size());
    scheduler_.After(pause, [this, build = std::move(build), next, spent, pause]() mutable {
      Step(std::move(build), next + 1, spent + pause);
    });
    return;
  }
  const milliseconds rest = std::max(milliseconds::zero(), delays_.build - spent);
  scheduler_.After(rest, [build = std::move(build)] {
    build->SetState(build->error().empty() ? Build::State::kSucceeded : Build::State::kFailed);
  });
}

}  // namespace daytonad::emulator
