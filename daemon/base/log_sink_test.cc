#include "daemon/base/log_sink.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <unistd.h>

#include <array>
#include <optional>
#include <sstream>
#include <string>
#include <vector>

namespace daytonad {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::Le;

// A pipe whose reader takes nothing until it is asked to.
class Pipe {
 public:
  explicit Pipe(int flags = 0) {
    EXPECT_EQ(::pipe2(ends_.data(), O_CLOEXEC), 0);
    EXPECT_EQ(::fcntl(ends_[1], F_SETFL, flags), 0);
  }
  ~Pipe() {
    CloseReader();
    CloseWriter();
  }

  int writer() const { return ends_[1]; }
  void CloseWriter() { Close(1); }
  void CloseReader() { Close(0); }

  // Returns when something can be taken.
  void AwaitBytes() {
    pollfd readable{.fd = ends_[0], .events = POLLIN, .revents = 0};
    EXPECT_EQ(::poll(&readable, 1, -1), 1);
  }
  // Takes one line.
  std::string ReadLine() {
    std::string line;
    for (char c = 0; ::read(ends_[0], &c, 1) == 1 && c != '\n';) line.push_back(c);
    return line;
  }

 private:
  void Close(int end) {
    if (ends_.at(end) >= 0) ::close(ends_.at(end));
    ends_.at(end) = -1;
  }

  std::array<int, 2> ends_{-1, -1};
};

constexpr seconds kLong{60};

LogSinkOptions Options(size_t max_lines = 8, size_t max_bytes = size_t{1} << 20) {
  LogSinkOptions options;
  options.max_lines = max_lines;
  options.max_bytes = max_bytes;
  options.dropped_line = [](size_t lines) { return "dropped " + std::to_string(lines) + "\n"; };
  return options;
}

// More than a pipe takes at once.
std::string LongLine(char letter) { return std::string(100'000, letter) + "\n"; }

TEST(LogSinkTest, WritesLinesInTheirOrder) {
  Pipe pipe;
  LogSink sink(pipe.writer(), Options());
  sink.Write("first\n");
  sink.Write("second\n");
  EXPECT_TRUE(sink.Flush(kLong));
  EXPECT_EQ(pipe.ReadLine(), "first");
  EXPECT_EQ(pipe.ReadLine(), "second");
}

// Both kinds: standard error may be shared with a process that has made it non-blocking.
class FullPipeTest : public ::testing::TestWithParam<int> {};
INSTANTIATE_TEST_SUITE_P(, FullPipeTest, ::testing::Values(0, O_NONBLOCK));

TEST_P(FullPipeTest, NobodyWaitsAndWhatIsTooMuchIsDroppedAndCounted) {
  Pipe pipe(GetParam());
  LogSink sink(pipe.writer(), Options());
  sink.Write(LongLine('a'));
  EXPECT_FALSE(sink.Flush(milliseconds(1))) << "the reader takes nothing";
  for (int i = 0; i < 1000; ++i) sink.Write("line " + std::to_string(i) + "\n");
  EXPECT_FALSE(sink.Flush(milliseconds(1)));

  // Once the reader reads, the lines come whole, in their order, and the place of those that are missing is said.
  EXPECT_EQ(pipe.ReadLine() + "\n", LongLine('a'));
  int next = 0;
  std::string line = pipe.ReadLine();
  for (; line == "line " + std::to_string(next); line = pipe.ReadLine()) ++next;
  EXPECT_THAT(next, ::testing::AllOf(::testing::Ge(7), Le(8)));
  EXPECT_EQ(line, "dropped " + std::to_string(1000 - next));
  EXPECT_TRUE(sink.Flush(kLong));
  sink.Write("later\n");
  EXPECT_EQ(pipe.ReadLine(), "later");
  EXPECT_EQ(::fcntl(pipe.writer(), F_GETFL) & O_NONBLOCK, GetParam()) << "others have the same open file";
}

TEST_P(FullPipeTest, TheBytesThatWaitAreBounded) {
  Pipe pipe(GetParam());
  LogSink sink(pipe.writer(), Options(1000, 250'000));
  for (const char letter : {'a', 'b', 'c', 'd', 'e', 'f'}) sink.Write(LongLine(letter));
  std::vector<char> letters;
  std::string line = pipe.ReadLine();
  for (; line.size() == 100'000; line = pipe.ReadLine()) letters.push_back(line.front());
  EXPECT_THAT(letters.size(), ::testing::AllOf(::testing::Ge(2U), Le(3U))) << "two wait, and one may be under way";
  EXPECT_EQ(line, "dropped " + std::to_string(6 - letters.size()));
}

TEST(LogSinkTest, AClosedPipeDoesNoHarm) {
  Pipe pipe;
  pipe.CloseReader();
  LogSink sink(pipe.writer(), Options());
  for (int i = 0; i < 100; ++i) {
    sink.Write("nobody reads this\n");
    EXPECT_TRUE(sink.Flush(kLong));
  }
}

TEST(LogSinkTest, ALineThatAnErrorCutOffEndsBeforeTheNextOne) {
  std::optional<Pipe> first(std::in_place);
  Pipe second;
  LogSink sink(first->writer(), Options());
  sink.Write(LongLine('a'));
  first->AwaitBytes();  // half of it is in the pipe
  first->CloseReader();
  EXPECT_TRUE(sink.Flush(kLong));
  ASSERT_GE(::dup2(second.writer(), first->writer()), 0);
  sink.Write("whole\n");
  EXPECT_TRUE(sink.Flush(kLong));
  EXPECT_EQ(second.ReadLine(), "") << "ends the line before";
  EXPECT_EQ(second.ReadLine(), "dropped 1");
  EXPECT_EQ(second.ReadLine(), "whole");
}

TEST(LogSinkTest, DueLinesAreAskedForOnceAtTheirTime) {
  Pipe pipe;
  int asked = 0;
  LogSinkOptions options = Options();
  options.due_lines = [&asked] { return std::vector<std::string>{"due " + std::to_string(++asked) + "\n"}; };
  LogSink sink(pipe.writer(), std::move(options));
  sink.WakeAt(std::chrono::steady_clock::now() + std::chrono::hours(1));
  sink.Write("before\n");
  EXPECT_EQ(pipe.ReadLine(), "before");
  sink.WakeAt(std::chrono::steady_clock::now() + milliseconds(5));
  EXPECT_EQ(pipe.ReadLine(), "due 1");
  sink.Write("after\n");
  EXPECT_EQ(pipe.ReadLine(), "after");
}

}  // namespace
}  // namespace daytonad
