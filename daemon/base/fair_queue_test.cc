#include "daemon/base/fair_queue.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <deque>
#include <string>
#include <vector>

namespace daytonad {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class FairQueueTest : public testing::Test {
 protected:
  // Adds one waiter, known by this name, of the client that its first letter names.
  FairQueue<const std::string>::Place Add(const std::string& name) {
    names_.push_back(name);
    return queue_.Add(name.substr(0, 1), &names_.back());
  }

  std::vector<std::string> Order() const {
    std::vector<std::string> order;
    for (const std::string* name : queue_.InOrder()) order.push_back(*name);
    return order;
  }

  std::deque<std::string> names_;
  FairQueue<const std::string> queue_;
};

TEST_F(FairQueueTest, OneClientIsServedInOrder) {
  for (const char* name : {"a1", "a2", "a3"}) Add(name);
  EXPECT_EQ(*queue_.Pop(), "a1");
  EXPECT_EQ(*queue_.Pop(), "a2");
  EXPECT_EQ(*queue_.Pop(), "a3");
  EXPECT_TRUE(queue_.empty());
}

TEST_F(FairQueueTest, ClientsAreServedRoundRobin) {
  for (const char* name : {"a1", "a2", "a3", "b1", "c1", "c2"}) Add(name);
  EXPECT_THAT(Order(), ElementsAre("a1", "b1", "c1", "a2", "c2", "a3"));
  EXPECT_EQ(queue_.size(), 6U) << "looking changes nothing";
}

TEST_F(FairQueueTest, AServedClientGoesToTheEnd) {
  for (const char* name : {"a1", "a2", "b1"}) Add(name);
  EXPECT_EQ(*queue_.Pop(), "a1");
  Add("c1");
  EXPECT_THAT(Order(), ElementsAre("b1", "a2", "c1"));
}

TEST_F(FairQueueTest, SomeLeaveUnserved) {
  const auto a1 = Add("a1");
  const auto b1 = Add("b1");
  Add("b2");
  queue_.Remove(b1);
  EXPECT_THAT(Order(), ElementsAre("a1", "b2"));
  queue_.Remove(a1);
  EXPECT_THAT(Order(), ElementsAre("b2"));
  EXPECT_EQ(*queue_.Pop(), "b2");
  EXPECT_THAT(Order(), IsEmpty());
}

TEST_F(FairQueueTest, CountsThoseAheadOfANewOne) {
  for (const char* name : {"a1", "a2", "a3", "b1", "c1", "c2"}) Add(name);
  for (const char* name : {"a4", "b2", "c3", "d1"}) {
    const size_t ahead = queue_.Ahead(std::string(name, 1));
    const auto added = Add(name);
    EXPECT_EQ(Order()[ahead], name);
    queue_.Remove(added);
  }
}

}  // namespace
}  // namespace daytonad
