#include "client/cli/base/progress_bar.h"

#include <algorithm>
#include <array>
#include <string>
#include <utility>

#include "absl/strings/str_format.h"
#include "client/cli/base/text.h"

namespace daytonad::cli {
namespace {

using std::chrono::duration;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr milliseconds kRedraw{100};
constexpr int kMinBar = 10;
constexpr int kMaxBar = 40;

}  // namespace

std::string BytesText(std::int64_t bytes) {
  constexpr std::array<const char*, 4> kUnits = {"KiB", "MiB", "GiB", "TiB"};
  if (bytes < 1024) return absl::StrFormat("%d B", bytes);
  std::size_t unit = 0;
  double value = static_cast<double>(bytes) / 1024;
  while (value >= 1023.95 && unit + 1 < kUnits.size()) {
    value /= 1024;
    ++unit;
  }
  return absl::StrFormat("%.1f %s", value, kUnits[unit]);
}

std::string ClockText(seconds time) {
  const std::int64_t all = time.count();
  if (all < 3600) return absl::StrFormat("%d:%02d", all / 60, all % 60);
  return absl::StrFormat("%d:%02d:%02d", all / 3600, all / 60 % 60, all % 60);
}

ProgressBar::ProgressBar(std::string label, std::int64_t total, std::ostream& err, int width, std::function<Time()> now)
    : label_(Printable(label)), total_(total), err_(err), width_(width), now_(std::move(now)), begin_(now_()) {}

ProgressBar::~ProgressBar() {
  if (inside_line_) err_ << '\n' << std::flush;
}

void ProgressBar::Sent(std::int64_t bytes) {
  sent_ += bytes;
  Draw();
}

void ProgressBar::Skipped(std::int64_t bytes) {
  skipped_ += bytes;
  Draw();
}

void ProgressBar::Finish() {
  std::string line = absl::StrFormat("%s 100%% of %s", label_, BytesText(total_));
  if (sent_ > 0) line += absl::StrFormat(" in %.1f s", duration<double>(now_() - begin_).count());
  if (skipped_ > 0) line += ", " + (sent_ > 0 ? BytesText(skipped_) + " of it" : std::string("all")) + " there already";
  if (const double rate = Rate(); rate > 0) line += ", " + BytesText(static_cast<std::int64_t>(rate)) + "/s";
  Write(line, "\n");
  inside_line_ = false;
}

void ProgressBar::Draw() {
  const Time now = now_();
  if (drawn_.has_value() && now - *drawn_ < kRedraw) return;
  drawn_ = now;
  Write(Line(), "");
  inside_line_ = width_ > 0;
}

std::string ProgressBar::Line() const {
  const std::int64_t done = std::min(sent_ + skipped_, total_);
  const double share = total_ > 0 ? static_cast<double>(done) / static_cast<double>(total_) : 1;
  // Rounded down, so that 100% shows only at the end.
  const std::string before = absl::StrFormat("%s %3d%% ", label_, std::min(99, static_cast<int>(share * 100)));
  std::string after = absl::StrFormat("%s of %s", BytesText(done), BytesText(total_));
  if (const double rate = Rate(); rate >= 1) {
    const seconds left(static_cast<std::int64_t>(static_cast<double>(total_ - done) / rate));
    after += absl::StrFormat(", %s/s, %s left", BytesText(static_cast<std::int64_t>(rate)), ClockText(left));
  }
  // Leave the last column free: some terminals begin a new line there.
  const int room = width_ - 1 - DisplayWidth(before) - DisplayWidth(after) - 3;
  if (room < kMinBar) return before + after;
  const int bar = std::min(room, kMaxBar);
  const int filled = static_cast<int>(share * bar);
  std::string drawn(filled, '=');
  if (filled < bar) drawn += '>';
  drawn.resize(bar, ' ');
  return before + "[" + drawn + "] " + after;
}

// Bytes a second; 0: not known yet.
double ProgressBar::Rate() const {
  const double elapsed = duration<double>(now_() - begin_).count();
  return elapsed > 0 ? static_cast<double>(sent_) / elapsed : 0;
}

void ProgressBar::Write(const std::string& line, const char* end) {
  if (width_ <= 0) return;
  // Return to the start of the line, then clear what remains of a longer one.
  err_ << '\r' << CutTo(line, width_ - 1) << "\x1b[K" << end << std::flush;
}

}  // namespace daytonad::cli
