#include "daemon/net/work_pool.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <thread>

#include "absl/status/statusor.h"
#include "daemon/base/testing/run_task.h"

namespace daytonad {
namespace {

Task<bool> RunsElsewhereAndComesBack(WorkPool* pool) {
  const std::thread::id loop_thread = std::this_thread::get_id();
  auto work = [] { return std::this_thread::get_id(); };
  const std::thread::id pool_thread = co_await RunOnPool(*pool, std::move(work));
  co_return pool_thread != loop_thread&& std::this_thread::get_id() == loop_thread;
}

TEST(WorkPool, RunsWorkOnAThreadOfItsOwnAndComesBackToTheLoop) {
  boost::asio::io_context io(1);
  WorkPool pool(1);
  EXPECT_TRUE(RunTask(io, RunsElsewhereAndComesBack(&pool)));
}

Task<std::string> TakesAndGivesWhatCanOnlyBeMoved(WorkPool* pool) {
  auto work = [text = std::make_unique<std::string>("moved")]() mutable {
    return absl::StatusOr<std::unique_ptr<std::string>>(std::move(text));
  };
  absl::StatusOr<std::unique_ptr<std::string>> result = co_await RunOnPool(*pool, std::move(work));
  co_return **result;
}

TEST(WorkPool, TakesAndGivesWhatCanOnlyBeMoved) {
  boost::asio::io_context io(1);
  WorkPool pool(1);
  EXPECT_EQ(RunTask(io, TakesAndGivesWhatCanOnlyBeMoved(&pool)), "moved");
}

Task<int> SumOfMany(WorkPool* pool) {
  int sum = 0;
  for (int i = 1; i <= 100; ++i) {
    auto work = [i] { return i; };
    sum += co_await RunOnPool(*pool, std::move(work));
  }
  co_return sum;
}

TEST(WorkPool, ManyCoroutinesShareIt) {
  boost::asio::io_context io(1);
  WorkPool pool;
  std::future<int> first = StartTask(io, SumOfMany(&pool));
  std::future<int> second = StartTask(io, SumOfMany(&pool));
  io.run();
  EXPECT_EQ(first.get() + second.get(), 2 * 5050);
}

}  // namespace
}  // namespace daytonad
