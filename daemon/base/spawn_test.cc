#include "daemon/base/spawn.h"

#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>
#include <stdexcept>

namespace daytonad {
namespace {

Task<void> Note(bool* ran) {
  *ran = true;
  co_return;
}

Task<void> Throw() {
  throw std::runtime_error("no more descriptors");
  co_return;
}

TEST(SpawnTest, FromElsewhereTheTaskRunsWithTheLoopsNextTurn) {
  boost::asio::io_context io;
  bool ran = false;
  Spawn(io.get_executor(), Note(&ran));
  EXPECT_FALSE(ran);
  io.run();
  EXPECT_TRUE(ran);
}

TEST(SpawnTest, AnExceptionEndsTheProcessAndIsNamed) {
  const auto run = [] {
    boost::asio::io_context io;
    Spawn(io.get_executor(), Throw());
    io.run();
  };
  EXPECT_DEATH(run(), "no more descriptors");
}

}  // namespace
}  // namespace daytonad
