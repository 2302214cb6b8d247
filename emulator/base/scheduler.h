#ifndef DAYTONAD_EMULATOR_BASE_SCHEDULER_H_
#define DAYTONAD_EMULATOR_BASE_SCHEDULER_H_

#include <boost/asio/io_context.hpp>
#include <chrono>
#include <cstdint>
#include <functional>

namespace daytonad::emulator {

using std::chrono::milliseconds;

// Milliseconds since 1970.
using WallTime = std::int64_t;

// Time that a test can control.
class Scheduler {
 public:
  virtual ~Scheduler() = default;
  virtual WallTime Now() const = 0;
  // Runs `action` after `delay`, never before this call has returned.
  virtual void After(milliseconds delay, std::function<void()> action) = 0;
};

// Runs actions on the loop, in real time. No action runs after the loop has ended.
class LoopScheduler : public Scheduler {
 public:
  explicit LoopScheduler(boost::asio::io_context& io) : io_(io) {}
  WallTime Now() const override;
  void After(milliseconds delay, std::function<void()> action) override;

 private:
  boost::asio::io_context& io_;
};

}  // namespace daytonad::emulator

#endif  // DAYTONAD_EMULATOR_BASE_SCHEDULER_H_
