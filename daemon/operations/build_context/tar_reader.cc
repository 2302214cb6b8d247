#include "daemon/operations/build_context/tar_reader.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "daemon/base/absl_view.h"
#include "daemon/base/error.h"

namespace daytonad {
namespace {

constexpr int64_t kBlock = 512;
constexpr int64_t kMaxNames = 64 * 1024;  // of long names and pax records; paths have at most 4096 bytes

absl::Status BadTar(absl::string_view problem) {
  return MakeError(absl::StatusCode::kInvalidArgument, "INVALID_REQUEST",
                   absl::StrCat("The build context is not a tar that can be used: ", problem, "."));
}

// A field that ends at its first NUL or its end.
std::string_view Text(std::string_view block, size_t offset, size_t size) {
  const std::string_view field = block.substr(offset, size);
  return field.substr(0, field.find('\0'));
}

// A number in octal, with spaces around it, or in binary if its first bit is set.
std::optional<int64_t> Number(std::string_view block, size_t offset, size_t size) {
  std::string_view field = block.substr(offset, size);
  uint64_t value = 0;
  if (static_cast<unsigned char>(field[0]) == 0x80) {
    for (const char c : field.substr(1)) {
      if (value >> 55 != 0) return std::nullopt;
      value = value << 8 | static_cast<unsigned char>(c);
    }
    return static_cast<int64_t>(value);
  }
  field = field.substr(0, field.find('\0'));
  while (!field.empty() && field.front() == ' ') field.remove_prefix(1);
  while (!field.empty() && field.back() == ' ') field.remove_suffix(1);
  for (const char c : field) {
    if (c < '0' || c > '7') return std::nullopt;
    value = value << 3 | static_cast<uint64_t>(c - '0');  // 12 digits at most
  }
  return static_cast<int64_t>(value);
}

bool ChecksumIsRight(std::string_view block) {
  constexpr size_t kOffset = 148;
  constexpr size_t kSize = 8;
  int64_t sum = kSize * ' ';
  for (size_t i = 0; i < block.size(); ++i) {
    if (i < kOffset || i >= kOffset + kSize) sum += static_cast<unsigned char>(block[i]);
  }
  return Number(block, kOffset, kSize) == sum;
}

bool LooksCompressed(std::string_view block) {
  constexpr std::array<std::string_view, 4> kMagic = {"\x1f\x8b", "BZh",
                                                      "\xfd"
                                                      "7zXZ",
                                                      "\x28\xb5\x2f\xfd"};
  return std::any_of(kMagic.begin(), kMagic.end(), [&](std::string_view magic) { return block.starts_with(magic); });
}

absl::Status NotSupported(char type) {
  switch (type) {
    case '1':
      return BadTar("it has a hard link; pack each as a file of its own (GNU tar: --hard-dereference)");
    case '3':
    case '4':
    case '6':
      return BadTar("it has a device or a FIFO; only files, directories and symbolic links can be copied");
    case 'S':
      return BadTar("it has a sparse file; pack it whole (GNU tar: without --sparse)");
    default:
      return BadTar(absl::StrCat("it has an entry of unknown type ", static_cast<int>(type)));
  }
}

}  // namespace

absl::Status TarReader::Feed(std::string_view bytes) {
  while (!bytes.empty()) {
    if (part_ == Part::kEnd) {
      if (bytes.find_first_not_of('\0') == std::string_view::npos) return absl::OkStatus();
      return BadTar("something follows its end");
    }
    const auto count = static_cast<size_t>(std::min(static_cast<int64_t>(bytes.size()), left_));
    const std::string_view piece = bytes.substr(0, count);
    bytes.remove_prefix(count);
    left_ -= static_cast<int64_t>(count);
    absl::Status status;
    if (part_ == Part::kData) {
      status = sink_.OnData(piece);
    } else if (part_ != Part::kPadding) {
      collected_.append(piece);
    }
    if (left_ == 0 && status.ok()) status = OnPartComplete();
    if (!status.ok()) return status;
  }
  return absl::OkStatus();
}

absl::Status TarReader::Finish() const {
  if (part_ == Part::kEnd) return absl::OkStatus();
  return BadTar("it is cut off; its end is missing");
}

absl::Status TarReader::OnPartComplete() {
  switch (part_) {
    case Part::kHeader:
      return OnHeader();
    case Part::kNames: {
      absl::Status status = OnNames();
      Expect(Part::kHeader, kBlock);
      return status;
    }
    case Part::kData:
      if (padding_ > 0) {
        Expect(Part::kPadding, padding_);
      } else {
        Expect(Part::kHeader, kBlock);
      }
      return absl::OkStatus();
    case Part::kPadding:
      Expect(Part::kHeader, kBlock);
      return absl::OkStatus();
    case Part::kEnd:
      break;
  }
  return absl::OkStatus();
}

void TarReader::Expect(Part part, int64_t size) {
  part_ = part;
  left_ = size;
  collected_.clear();
}

absl::Status TarReader::OnHeader() {
  const std::string block = std::exchange(collected_, {});
  if (block.find_first_not_of('\0') == std::string::npos) {
    part_ = Part::kEnd;
    return has_names() ? BadTar("a long name has no entry") : absl::OkStatus();
  }
  const bool first = std::exchange(first_, false);
  if (!ChecksumIsRight(block)) {
    if (first && LooksCompressed(block)) return BadTar("it is compressed; send the plain tar");
    return BadTar(first ? "it does not begin with a tar's header" : "a header's checksum is wrong");
  }
  const char type = block[156];
  const std::optional<int64_t> size = Number(block, 124, 12);
  if (!size.has_value()) return BadTar("a size is not a number");
  padding_ = (kBlock - *size % kBlock) % kBlock;
  if (type == 'x' || type == 'g' || type == 'L' || type == 'K') {
    if (*size == 0 || *size > kMaxNames) return BadTar("a name or its pax records are too long, or empty");
    names_type_ = type;
    names_size_ = static_cast<size_t>(*size);
    Expect(Part::kNames, *size + padding_);
    return absl::OkStatus();
  }
  return OnEntry(block, type, *size);
}

absl::Status TarReader::OnEntry(std::string_view block, char type, int64_t size) {
  ContextEntry entry;
  entry.path = Text(block, 0, 100);
  if (block.substr(257, 6) == std::string_view("ustar\0", 6)) {
    const std::string_view prefix = Text(block, 345, 155);
    if (!prefix.empty()) entry.path = absl::StrCat(AbslView(prefix), "/", entry.path);
  }
  entry.link_target = Text(block, 157, 100);
  if (!long_path_.empty()) entry.path = std::exchange(long_path_, {});
  if (!long_link_.empty()) entry.link_target = std::exchange(long_link_, {});
  if (long_size_ >= 0) size = std::exchange(long_size_, -1);
  padding_ = (kBlock - size % kBlock) % kBlock;

  const bool named_as_directory = entry.path.ends_with('/');
  if (type == '5' || (type == '\0' && named_as_directory)) {
    entry.type = ContextEntry::Type::kDirectory;
  } else if (type == '2') {
    entry.type = ContextEntry::Type::kSymlink;
  } else if ((type == '0' || type == '\0') && !named_as_directory) {
    entry.type = ContextEntry::Type::kFile;
  } else {
    return NotSupported(type);
  }
  if (entry.type != ContextEntry::Type::kSymlink) entry.link_target.clear();
  if (entry.type != ContextEntry::Type::kFile && size != 0) return BadTar("an entry that is not a file has data");
  entry.size = size;
  const std::optional<int64_t> mode = Number(block, 100, 8);
  const std::optional<int64_t> mtime = Number(block, 136, 12);
  entry.mode = static_cast<mode_t>(mode.value_or(0644) & 07777);
  entry.mtime = mtime.value_or(0);
  if (size > 0) {
    Expect(Part::kData, size);
  } else {
    Expect(Part::kHeader, kBlock);
  }
  return sink_.OnEntry(entry);
}

absl::Status TarReader::OnNames() {
  const std::string names = std::exchange(collected_, {}).substr(0, names_size_);
  if (names_type_ == 'x' || names_type_ == 'g') return OnPaxRecords(names);
  const std::string_view name = std::string_view(names).substr(0, names.find('\0'));
  (names_type_ == 'L' ? long_path_ : long_link_) = name;
  return name.empty() ? BadTar("a long name is empty") : absl::OkStatus();
}

// Each is "LENGTH KEY=VALUE\n"; the length counts the whole record.
absl::Status TarReader::OnPaxRecords(std::string_view records) {
  while (!records.empty()) {
    const size_t space = records.find(' ');
    size_t length = 0;
    if (space == std::string_view::npos || !absl::SimpleAtoi(AbslView(records.substr(0, space)), &length) ||
        length <= space + 1 || length > records.size() || records[length - 1] != '\n') {
      return BadTar("a pax record is broken");
    }
    const std::string_view record = records.substr(space + 1, length - space - 2);
    const size_t equals = record.find('=');
    if (equals == std::string_view::npos) return BadTar("a pax record is broken");
    absl::Status status = OnPaxRecord(record.substr(0, equals), record.substr(equals + 1));
    if (!status.ok()) return status;
    records.remove_prefix(length);
  }
  return absl::OkStatus();
}

absl::Status TarReader::OnPaxRecord(std::string_view key, std::string_view value) {
  if (key.starts_with("GNU.sparse.")) return NotSupported('S');
  if (key != "path" && key != "linkpath" && key != "size") return absl::OkStatus();  // owners, times, comments
  if (names_type_ == 'g') return BadTar("a name or a size is given for all entries at once");
  if (key == "size") {
    const bool is_number = absl::SimpleAtoi(AbslView(value), &long_size_) && long_size_ >= 0;
    return is_number ? absl::OkStatus() : BadTar("a size is not a number");
  }
  if (value.empty() || value.find('\0') != std::string_view::npos) return BadTar("a name is empty or has a NUL");
  (key == "path" ? long_path_ : long_link_) = value;
  return absl::OkStatus();
}

}  // namespace daytonad
