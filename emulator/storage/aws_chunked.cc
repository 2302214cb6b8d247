#include "emulator/storage/aws_chunked.h"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <string>
#include <string_view>

namespace daytonad::emulator {
namespace {

constexpr std::size_t kMaxLine = 4096;

// Takes the body piece by piece: a line "SIZE[;extension]", SIZE bytes, an empty line, and so on; after size 0 there
// are trailers, which end with an empty line.
class Decoder {
 public:
  explicit Decoder(Spool& content) : content_(content) {}

  void Take(std::string_view bytes) {
    while (!bytes.empty() && state_ != State::kBroken) {
      if (state_ == State::kData) {
        const auto size = static_cast<std::size_t>(std::min<std::uint64_t>(left_, bytes.size()));
        content_.Append(bytes.substr(0, size));
        bytes.remove_prefix(size);
        left_ -= size;
        if (left_ == 0) state_ = State::kEndOfData;
        continue;
      }
      const auto end = bytes.find('\n');
      line_ += bytes.substr(0, end);
      if (line_.size() > kMaxLine) state_ = State::kBroken;
      if (end == std::string_view::npos) return;
      bytes.remove_prefix(end + 1);
      if (line_.ends_with('\r')) line_.pop_back();
      EndOfLine();
      line_.clear();
    }
  }

  // Trailers may be missing.
  bool complete() const { return state_ == State::kTrailers && line_.empty(); }

 private:
  enum class State { kSize, kData, kEndOfData, kTrailers, kBroken };

  void EndOfLine() {
    if (state_ == State::kTrailers) return;
    if (state_ == State::kEndOfData) {
      state_ = line_.empty() ? State::kSize : State::kBroken;
      return;
    }
    const std::string_view size = std::string_view(line_).substr(0, line_.find(';'));
    const auto [end, error] = std::from_chars(size.data(), size.data() + size.size(), left_, 16);
    if (error != std::errc() || end != size.data() + size.size()) {
      state_ = State::kBroken;
    } else {
      state_ = left_ == 0 ? State::kTrailers : State::kData;
    }
  }

  Spool& content_;
  State state_ = State::kSize;
  std::string line_;
  std::uint64_t left_ = 0;
};

}  // namespace

std::shared_ptr<const Spool> DecodeAwsChunked(const Spool& body) {
  auto content = std::make_shared<Spool>();
  Decoder decoder(*content);
  body.ForEachBlock([&](std::string_view block) { decoder.Take(block); });
  if (!decoder.complete()) return nullptr;
  return content;
}

}  // namespace daytonad::emulator
