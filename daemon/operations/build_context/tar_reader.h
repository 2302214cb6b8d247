#ifndef DAYTONAD_DAEMON_OPERATIONS_BUILD_CONTEXT_TAR_READER_H_
#define DAYTONAD_DAEMON_OPERATIONS_BUILD_CONTEXT_TAR_READER_H_

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "daemon/operations/build_context/context_sink.h"

namespace daytonad {

// Understands an uncompressed tar while it arrives, and gives its entries, with paths as they are written in it, to a
// sink.
//
// libarchive reads by asking for more, and so needs a thread that waits as long as a client takes to send; this one is
// fed, and holds nothing but its place. It is strict where libarchive is lenient: what it does not know for sure it
// refuses, so that whoever unpacks the tar later finds in it what was checked here. It knows ustar, GNU and pax
// headers; of types files, directories and symbolic links.
class TarReader {
 public:
  // The sink outlives the reader.
  explicit TarReader(ContextSink& sink) : sink_(sink) {}

  // INVALID_ARGUMENT (INVALID_REQUEST) says what is wrong with the tar; and whatever the sink returns.
  absl::Status Feed(std::string_view bytes);
  // There are no more bytes: OK if that is where the tar ends.
  absl::Status Finish() const;

 private:
  enum class Part {
    kHeader,   // collects a block
    kNames,    // collects what belongs to the next header: long names, pax records
    kData,     // hands on a file's bytes
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
  int64_t left_ = 512;     // bytes of this part that are still to come
  int64_t padding_ = 0;    // and that follow it
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
