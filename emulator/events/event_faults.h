#ifndef DAYTONAD_EMULATOR_EVENTS_EVENT_FAULTS_H_
#define DAYTONAD_EMULATOR_EVENTS_EVENT_FAULTS_H_

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <string>

#include "emulator/base/json.h"
#include "emulator/base/scheduler.h"

namespace daytonad::emulator {

// Faults of event delivery: events are lost, delayed, duplicated, reordered.
class EventFaults {
 public:
  using Frame = std::shared_ptr<const std::string>;

  EventFaults(Scheduler& scheduler, std::function<void(const Frame&)> send)
      : scheduler_(scheduler), send_(std::move(send)) {}

  // Sets drop, duplicate, delay_ms, reorder and silent; absent members stay unchanged. The types were checked before.
  void Set(const Json& changes);
  void Pass(const Frame& event);

  // Neither events nor pings are sent.
  bool silent() const { return silent_; }
  std::uint64_t dropped() const { return dropped_; }
  Json ToJson() const;

 private:
  void Delay(const Frame& event);
  void Reorder(const Frame& event);
  void ReleaseHeld();

  Scheduler& scheduler_;
  std::function<void(const Frame&)> send_;
  std::int64_t to_drop_ = 0;  // -1: all
  std::uint64_t dropped_ = 0;
  bool duplicate_ = false;
  bool reorder_ = false;
  bool silent_ = false;
  milliseconds delay_{0};
  std::deque<Frame> delayed_;
  Frame held_;
  std::uint64_t hold_ = 0;
};

}  // namespace daytonad::emulator

#endif  // DAYTONAD_EMULATOR_EVENTS_EVENT_FAULTS_H_
