#include "daemon/base/last_words.h"

#include <poll.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <ctime>
#include <exception>
#include <new>
#include <string_view>

namespace daytonad {
namespace {

std::atomic<bool> log_is_json = false;

[[noreturn]] void EndOnTerminate() {
  try {
    if (const std::exception_ptr exception = std::current_exception()) std::rethrow_exception(exception);
    LogLastWords("the process ends: std::terminate() was called");
  } catch (const std::bad_alloc&) {
    LogLastWords("the process ends: there is no memory left");
  } catch (const std::exception& error) {
    LogLastWords("the process ends: an exception was not caught; this is a defect", {{"what", error.what()}});
  } catch (...) {
    LogLastWords("the process ends: an unknown exception was not caught; this is a defect");
  }
  std::abort();
}

// A text on the stack: in a signal handler nothing may be allocated.
class Text {
 public:
  Text& operator<<(std::string_view more) {
    for (const char c : more) {
      if (size_ < buffer_.size()) buffer_.at(size_++) = c;
    }
    return *this;
  }
  // `digits` of them, with leading zeros.
  Text& Number(int64_t value, int digits) {
    std::array<char, 20> text{};
    for (int i = digits; i > 0; --i, value /= 10) text.at(i - 1) = static_cast<char>('0' + value % 10);
    return *this << std::string_view(text.data(), digits);
  }
  Text& Time(std::chrono::system_clock::time_point now) {
    const auto day = std::chrono::floor<std::chrono::days>(now);
    const std::chrono::year_month_day date(day);
    const std::chrono::hh_mm_ss time(std::chrono::floor<std::chrono::milliseconds>(now - day));
    Number(int{date.year()}, 4) << "-";
    Number(unsigned{date.month()}, 2) << "-";
    Number(unsigned{date.day()}, 2) << "T";
    Number(time.hours().count(), 2) << ":";
    Number(time.minutes().count(), 2) << ":";
    Number(time.seconds().count(), 2) << ".";
    return Number(time.subseconds().count(), 3) << "Z";
  }
  std::string_view view() const { return {buffer_.data(), size_}; }

 private:
  std::array<char, 512> buffer_{};
  size_t size_ = 0;
};

// The log itself may be broken, so write directly to standard error, if that does not block.
void OnAbort(int /*signal*/) {
  constexpr std::string_view kMessage =
      "the process ends: a library called abort(); memory has run out, or there is a defect";
  Text line;
  if (log_is_json) {
    line << R"({"time":")";
    line.Time(std::chrono::system_clock::now()) << R"(","level":"error","message":")" << kMessage << "\"}\n";
  } else {
    line.Time(std::chrono::system_clock::now()) << " error " << kMessage << "\n";
  }
  pollfd writable{.fd = STDERR_FILENO, .events = POLLOUT, .revents = 0};
  if (::poll(&writable, 1, 0) == 1 && (writable.revents & POLLOUT) != 0) {
    [[maybe_unused]] const ssize_t written = ::write(STDERR_FILENO, line.view().data(), line.view().size());
  }
}

}  // namespace

void SayLastWords(LogFormat format) {
  log_is_json = format == LogFormat::kJson;
  std::set_terminate(EndOnTerminate);
  std::signal(SIGABRT, OnAbort);
}

}  // namespace daytonad
