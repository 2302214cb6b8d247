#include "daemon/server/connection_table.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>

namespace daytonad {
namespace {

using Room = ConnectionTable::Room;

// Both ends of a connection; gRPC's descriptor is the test's to close.
struct Pair {
  Pair() {
    std::array<int, 2> ends{};
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends.data()), 0);
    grpc = ends[0];
    peer = FileDescriptor(ends[1]);
  }
  FileDescriptor Duplicate() const { return FileDescriptor(::dup(grpc)); }

  int grpc = -1;
  FileDescriptor peer;
};

TEST(ConnectionTableTest, LimitsConnectionsAndThoseOfAUser) {
  ConnectionTable table({.connections = 3, .per_user = 2});
  std::array<Pair, 3> pairs;
  EXPECT_EQ(table.RoomFor(7), Room::kYes);
  table.Add(pairs[0].grpc, pairs[0].Duplicate(), {7, 1, ""});
  table.Add(pairs[1].grpc, pairs[1].Duplicate(), {7, 1, ""});
  EXPECT_EQ(table.RoomFor(7), Room::kUserFull);
  EXPECT_EQ(table.RoomFor(8), Room::kYes);
  EXPECT_EQ(table.RoomFor(ConnectionTable::kUnknownUser), Room::kYes);
  table.Add(pairs[2].grpc, pairs[2].Duplicate(), {});
  EXPECT_EQ(table.RoomFor(8), Room::kFull);
}

TEST(ConnectionTableTest, AConnectionCountsUntilGrpcHasClosedIt) {
  ConnectionTable table({.connections = 1, .per_user = 1});
  Pair pair;
  const ConnectionTable::Id id = table.Add(pair.grpc, pair.Duplicate(), {7, 1, ""});
  EXPECT_FALSE(table.Sweep());
  table.MarkEnded(id);
  EXPECT_TRUE(table.Sweep());
  EXPECT_EQ(table.RoomFor(7), Room::kFull);
  ::close(pair.grpc);
  // The number may be another file's at once.
  const FileDescriptor another(::dup(0));
  EXPECT_FALSE(table.Sweep());
  EXPECT_EQ(table.size(), 0U);
  EXPECT_EQ(table.RoomFor(7), Room::kYes);
  EXPECT_EQ(table.OwnDescriptor(id), -1);
}

TEST(ConnectionTableTest, ShuttingDownReachesBothSides) {
  ConnectionTable table({});
  Pair pair;
  table.ShutDown(table.Add(pair.grpc, pair.Duplicate(), {7, 1, ""}));
  char byte = 0;
  EXPECT_EQ(::recv(pair.grpc, &byte, 1, 0), 0);
  EXPECT_EQ(::recv(pair.peer.get(), &byte, 1, 0), 0);
  ::close(pair.grpc);
}

TEST(ConnectionTableTest, ShuttingDownDropsWhatIsNotRead) {
  ConnectionTable table({});
  Pair pair;
  ASSERT_EQ(::send(pair.peer.get(), "12345", 5, 0), 5);
  table.ShutDown(table.Add(pair.grpc, pair.Duplicate(), {7, 1, ""}));
  char byte = 0;
  EXPECT_EQ(::recv(pair.grpc, &byte, 1, 0), 0);
  ::close(pair.grpc);
}

TEST(ConnectionTableTest, PenalizesThePeerOnly) {
  ConnectionTable table({.penalty = std::chrono::hours(1)});
  Pair pair;
  const ConnectionTable::Peer peer{7, 1, ""};
  const auto now = std::chrono::steady_clock::now();
  EXPECT_LT(table.PenaltyEnd(peer), now);
  table.Penalize(table.Add(pair.grpc, pair.Duplicate(), peer));
  EXPECT_GE(table.PenaltyEnd(peer), now + std::chrono::hours(1));
  EXPECT_LT(table.PenaltyEnd({7, 2, ""}), now);
  EXPECT_LT(table.PenaltyEnd({ConnectionTable::kUnknownUser, 0, "127.0.0.1"}), now);
  ::close(pair.grpc);
}

TEST(ConnectionTableTest, TellsWhatHasComeAndIsNotRead) {
  ConnectionTable table({});
  Pair busy;
  Pair idle;
  table.Add(idle.grpc, idle.Duplicate(), {7, 1, ""});
  table.Add(busy.grpc, busy.Duplicate(), {8, 2, ""});
  ASSERT_EQ(::send(busy.peer.get(), "12345", 5, 0), 5);
  const std::vector<ConnectionTable::Load> loads = table.TakeLoads();
  ASSERT_EQ(loads.size(), 2U);
  EXPECT_EQ(loads[0].bytes_in, 0U);
  EXPECT_EQ(loads[1].bytes_in, 5U);
  EXPECT_EQ(loads[1].peer.user, 8U);
  EXPECT_EQ(loads[1].bytes_untaken, 0U);
  ASSERT_EQ(::send(busy.grpc, "12345", 5, 0), 5);
  EXPECT_GE(table.TakeLoads()[1].bytes_untaken, 5U);
  ::close(busy.grpc);
  ::close(idle.grpc);
}

}  // namespace
}  // namespace daytonad
