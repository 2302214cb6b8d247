#ifndef DAYTONAD_DAEMON_OPERATIONS_JOURNAL_SEGMENT_H_
#define DAYTONAD_DAEMON_OPERATIONS_JOURNAL_SEGMENT_H_

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/operations/journal/record.pb.h"

// The bytes of a journal's file: a head that says what it is and in which version, then records. A record is two bytes
// that mark its beginning, its length and a CRC-32 of length and content (both 4 bytes, little-endian), and its
// content.
//
// The daemon may be killed while it writes, and disks lose bytes. So what can't be read is passed over, up to the next
// place where a whole record begins; at the end of the file it is a record that was not written to its end.
namespace daytonad {

inline constexpr std::string_view kSegmentHead{"DAYTONAD\x01\n", 10};
// No record is longer.
inline constexpr size_t kMaxRecordBytes = size_t{4} << 10;

// One record as it stands in the file. Empty if it would be too long.
std::string EncodeRecord(const journal::Record& record);

struct Segment {
  // It begins with another head: another version's, or not a journal at all.
  bool foreign = false;
  std::vector<journal::Record> records;
  // Bytes in the middle that are no record.
  size_t lost_bytes = 0;
  // Behind this there is none any more.
  size_t end = 0;
};

Segment ReadSegment(std::string_view bytes);

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_OPERATIONS_JOURNAL_SEGMENT_H_
