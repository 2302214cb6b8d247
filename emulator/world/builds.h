#ifndef DAYTONAD_EMULATOR_WORLD_BUILDS_H_
#define DAYTONAD_EMULATOR_WORLD_BUILDS_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "emulator/base/json.h"
#include "emulator/base/options.h"
#include "emulator/base/scheduler.h"
#include "emulator/storage/storage.h"
#include "emulator/world/dockerfile.h"

namespace daytonad::emulator {

// A build and its log.
class Build {
 public:
  enum class State { kQueued, kRunning, kSucceeded, kFailed };

  // A reader of the log while it is written.
  struct Follower {
    std::function<void(std::string_view)> on_bytes;
    std::function<void()> on_end;  // after the last byte of a build that succeeded; a failed build's log never ends
  };

  Build(std::string ref, BuildPlan plan) : ref_(std::move(ref)), plan_(std::move(plan)) {}

  const std::string& ref() const { return ref_; }
  State state() const { return state_; }
  bool done() const { return state_ == State::kSucceeded || state_ == State::kFailed; }
  const std::string& error() const { return plan_.error; }
  // The log exists once the build is running.
  bool log_exists() const { return state_ != State::kQueued; }
  const std::string& log() const { return log_; }

  // Called at each state change.
  void Observe(std::function<void(const Build&)> observer) { observers_.push_back(std::move(observer)); }

  // Returns an id for Unfollow. Does not repeat bytes that are already in the log.
  std::uint64_t Follow(Follower follower);
  void Unfollow(std::uint64_t id) { followers_.erase(id); }

 private:
  friend class Builds;
  void SetState(State state);
  void Append(std::string_view bytes);
  void FailWithout(const std::string& context_hash);

  std::string ref_;
  BuildPlan plan_;
  State state_ = State::kQueued;
  std::string log_;
  std::vector<std::function<void(const Build&)>> observers_;
  std::map<std::uint64_t, Follower> followers_;
  std::uint64_t next_follower_ = 1;
};

// A request's buildInfo, kept with the object that is built from it.
struct BuildInfo {
  std::string dockerfile;
  Json context_hashes;  // null or an array, as sent
  std::string ref;
  WallTime created = 0;
  WallTime updated = 0;

  BuildInfo(const Json& request, WallTime now);
  Json ToJson() const;
};

// The newest build of each reference. The same content has the same reference.
class Builds {
 public:
  Builds(const Delays& delays, Scheduler& scheduler, const Storage& storage)
      : delays_(delays), scheduler_(scheduler), storage_(storage) {}
  ~Builds();
  Builds(const Builds&) = delete;
  Builds& operator=(const Builds&) = delete;

  std::shared_ptr<Build> Find(const std::string& ref) const;
  // Joins a running build, or starts one.
  std::shared_ptr<Build> Start(const BuildInfo& info);

 private:
  void Step(std::shared_ptr<Build> build, std::size_t next, milliseconds spent);

  const Delays& delays_;
  Scheduler& scheduler_;
  const Storage& storage_;
  std::map<std::string, std::shared_ptr<Build>> builds_;
};

}  // namespace daytonad::emulator

#endif  // DAYTONAD_EMULATOR_WORLD_BUILDS_H_
