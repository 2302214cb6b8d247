#ifndef DAYTONAD_DAEMON_OPERATIONS_JOURNAL_SEGMENT_H_
#define DAYTONAD_DAEMON_OPERATIONS_JOURNAL_SEGMENT_H_

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/operations/journal/record.pb.h"

// The format of a journal file: a header with type and version, then records. A record is a two-byte marker, its length
// and a CRC-32 of length and content (both 4 bytes, little-endian), and its content.
//
// The daemon may be killed while it writes, and disks lose bytes. So unreadable bytes are skipped up to the next
// complete record; at the end of the file they are a record that was not written completely.
namespace daytonad {

inline constexpr std::string_view kSegmentHead{"DAYTONAD\x01\n", 10};
// The maximum length of a record.
inline constexpr size_t kMaxRecordBytes = size_t{4} << 10;

// Encodes one record. Empty if it would be too long.
std::string EncodeRecord(const journal::Record& record);

struct Segment {
  // It has another header: of another version, or not of a journal.
  bool foreign = false;
  std::vector<journal::Record> records;
  // Skipped bytes in the middle.
  size_t lost_bytes = 0;
  // The end of the last record.
  size_t end = 0;
};

Segment ReadSegment(std::string_view bytes);

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_OPERATIONS_JOURNAL_SEGMENT_H_
