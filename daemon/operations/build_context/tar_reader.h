#ifndef DAYTONAD_DAEMON_OPERATIONS_BUILD_CONTEXT_TAR_READER_H_
#define DAYTONAD_DAEMON_OPERATIONS_BUILD_CONTEXT_TAR_READER_H_

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "daemon/operations/build_context/context_sink.h"

namespace daytonad {

// Parses an uncompressed tar while it arrives, and passes its entries, with paths as written, to a sink.
//
// Why not libarchive: it is a pull parser, which would block a pool thread for each slow client. This is a push parser,
// which keeps only its position between calls. It is also strict where libarchive is lenient: it refuses what it does
// not know for sure, so that whoever unpacks the tar finds what was checked here. It knows ustar, GNU and pax headers,
// and files, directories and symbolic links.
class TarReader {
 public:
  // The sink must outlive the reader.
  explicit TarReader(ContextSink& sink) : sink_(sink) {}

  // INVALID_ARGUMENT (INVALID_REQUEST) says what is wrong with the tar; and whatever the sink returns.
  absl::Status Feed(std::string_view bytes);
  // Call it after the last byte: OK if the tar is complete.
  absl::Status Finish() const;

 private:
  enum class Part {
    kHeader,   // collects a block
    kNames,    // collects parts of the next header: long names, pax records
    kData,     // passes on a file's bytes
    kPadding,  // skips to the next block
    kEnd,      // only zeros are left
  };

  absl::Status OnPartComplete();
  absl::Status OnHeader();
  absl::Status OnEntry(std::string_view block, char type, int64_t size);
  absl::Status OnNames();
  absl::Status OnPaxRecords(std::string_view records);
  absl::Status OnPaxRecord(std::string_view key, std::string_view value);
  void Expect(Part part, int64_t size);
  bool has_names() const { return !long_path_.empty() || !long_link_.empty() || long_size_ >= 0; }

  ContextSink& sink_;
  Part part_ = Part::kHeader;
  std::string collected_;  // a block, or names
  int64_t left_ = 512;     // bytes of this part that are still missing
  int64_t padding_ = 0;    // bytes that follow it
  bool first_ = true;
  char names_type_ = 0;
  size_t names_size_ = 0;

  // For the next header.
  std::string long_path_;
  std::string long_link_;
  int64_t long_size_ = -1;
};

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_OPERATIONS_BUILD_CONTEXT_TAR_READER_H_
