#include "daemon/operations/journal/segment.h"

#include <zlib.h>

#include <cstdint>
#include <optional>

namespace daytonad {
namespace {

constexpr std::string_view kMark{"\xd7\x4a", 2};
constexpr size_t kLengthBytes = 4;
constexpr size_t kFrameBytes = kMark.size() + kLengthBytes + 4;

std::string Bytes(uint32_t number) {
  std::string bytes;
  for (int i = 0; i < 4; ++i) bytes.push_back(static_cast<char>(number >> (8 * i)));
  return bytes;
}

uint32_t Number(std::string_view bytes) {
  uint32_t number = 0;
  for (size_t i = 0; i < 4; ++i) number |= uint32_t{static_cast<unsigned char>(bytes[i])} << (8 * i);
  return number;
}

uint32_t Checksum(std::string_view length, std::string_view content) {
  const auto* const head = reinterpret_cast<const Bytef*>(length.data());
  const auto* const body = reinterpret_cast<const Bytef*>(content.data());
  const uLong sum =
      ::crc32(::crc32(0, head, static_cast<uInt>(length.size())), body, static_cast<uInt>(content.size()));
  return static_cast<uint32_t>(sum);
}

struct Framed {
  journal::Record record;
  size_t size = 0;  // in the file
};

// The record that `bytes` begin with, if they do.
std::optional<Framed> ReadRecord(std::string_view bytes) {
  if (bytes.size() < kFrameBytes || !bytes.starts_with(kMark)) return std::nullopt;
  const std::string_view length = bytes.substr(kMark.size(), kLengthBytes);
  const uint32_t size = Number(length);
  if (size > kMaxRecordBytes || bytes.size() - kFrameBytes < size) return std::nullopt;
  const std::string_view content = bytes.substr(kFrameBytes, size);
  if (Checksum(length, content) != Number(bytes.substr(kMark.size() + kLengthBytes))) return std::nullopt;
  Framed framed;
  if (!framed.record.ParseFromArray(content.data(), static_cast<int>(size))) return std::nullopt;
  framed.size = kFrameBytes + size;
  return framed;
}

}  // namespace

std::string EncodeRecord(const journal::Record& record) {
  const std::string content = record.SerializeAsString();
  if (content.size() > kMaxRecordBytes) return "";
  const std::string length = Bytes(static_cast<uint32_t>(content.size()));
  return std::string(kMark) + length + Bytes(Checksum(length, content)) + content;
}

Segment ReadSegment(std::string_view bytes) {
  Segment segment;
  segment.foreign = !bytes.starts_with(kSegmentHead);
  if (segment.foreign) return segment;
  segment.end = kSegmentHead.size();
  size_t position = segment.end;
  while (position < bytes.size()) {
    std::optional<Framed> framed = ReadRecord(bytes.substr(position));
    if (!framed.has_value()) {
      position = bytes.find(kMark, position + 1);
      if (position == std::string_view::npos) break;
      continue;
    }
    segment.lost_bytes += position - segment.end;
    position += framed->size;
    segment.end = position;
    segment.records.push_back(std::move(framed->record));
  }
  return segment;
}

}  // namespace daytonad
