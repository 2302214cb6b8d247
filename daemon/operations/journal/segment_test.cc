#include "daemon/operations/journal/segment.h"

#include <gtest/gtest.h>

namespace daytonad {
namespace {

journal::Record Named(const std::string& id) {
  journal::Record record;
  record.set_kind(journal::Record::KIND_OUTCOME);
  record.set_request_id(id);
  record.set_object_id("object of " + id);
  return record;
}

std::string Ids(const Segment& segment) {
  std::string ids;
  for (const journal::Record& record : segment.records) ids += record.request_id() + " ";
  return ids;
}

class SegmentTest : public ::testing::Test {
 protected:
  SegmentTest() {
    for (const char* id : {"a", "b", "c"}) {
      begins_.push_back(bytes_.size());
      bytes_ += EncodeRecord(Named(id));
    }
  }

  std::string bytes_{kSegmentHead};
  std::vector<size_t> begins_;
};

TEST_F(SegmentTest, WrittenRecordsAreRead) {
  const Segment segment = ReadSegment(bytes_);
  EXPECT_FALSE(segment.foreign);
  EXPECT_EQ(Ids(segment), "a b c ");
  EXPECT_EQ(segment.records[1].object_id(), "object of b");
  EXPECT_EQ(segment.end, bytes_.size());
  EXPECT_EQ(segment.lost_bytes, 0);
}

TEST_F(SegmentTest, TornAtAnyByteItKeepsTheWholeRecords) {
  for (size_t size = kSegmentHead.size(); size < bytes_.size(); ++size) {
    const Segment segment = ReadSegment(bytes_.substr(0, size));
    const size_t whole = size < begins_[1] ? 0 : size < begins_[2] ? 1 : 2;
    EXPECT_EQ(segment.records.size(), whole) << size;
    EXPECT_EQ(segment.end, begins_[whole]) << size;
    EXPECT_EQ(segment.lost_bytes, 0) << size;
  }
}

TEST_F(SegmentTest, ATornHeadIsNotAJournal) {
  for (size_t size = 0; size < kSegmentHead.size(); ++size) {
    EXPECT_TRUE(ReadSegment(bytes_.substr(0, size)).foreign) << size;
  }
}

TEST_F(SegmentTest, AWrongByteAnywhereCostsOneRecord) {
  for (size_t at = begins_[1]; at < begins_[2]; ++at) {
    std::string broken = bytes_;
    broken[at] = static_cast<char>(~broken[at]);
    const Segment segment = ReadSegment(broken);
    EXPECT_EQ(Ids(segment), "a c ") << at;
    EXPECT_EQ(segment.lost_bytes, begins_[2] - begins_[1]) << at;
    EXPECT_EQ(segment.end, bytes_.size()) << at;
  }
}

TEST_F(SegmentTest, AnOverwrittenPartIsSkipped) {
  bytes_.replace(begins_[1] + 3, 9, std::string(9, '\0'));
  bytes_.insert(begins_[1], std::string(100'000, '\xd7'));
  EXPECT_EQ(Ids(ReadSegment(bytes_)), "a c ");
}

TEST_F(SegmentTest, AnotherVersionIsForeign) {
  bytes_[8] = '\x02';
  EXPECT_TRUE(ReadSegment(bytes_).foreign);
}

TEST_F(SegmentTest, ARecordHasALimit) {
  journal::Record record = Named("a");
  record.set_object_name(std::string(kMaxRecordBytes, 'x'));
  EXPECT_EQ(EncodeRecord(record), "");
}

}  // namespace
}  // namespace daytonad
