#include "daemon/base/last_words.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>
#include <cstdlib>
#include <new>
#include <stdexcept>
#include <thread>

namespace daytonad {
namespace {

class LastWordsDeathTest : public ::testing::Test {
 protected:
  LastWordsDeathTest() { GTEST_FLAG_SET(death_test_style, "threadsafe"); }

  static void Prepare(LogFormat format) {
    ConfigureLog(LogLevel::kInfo, format);
    SayLastWords(format);
  }
};

TEST_F(LastWordsDeathTest, AnExceptionThatNobodyCaughtIsNamed) {
  const auto fail = [] {
    Prepare(LogFormat::kPlain);
    std::thread([] { throw std::runtime_error("broken invariant"); }).join();
  };
  EXPECT_EXIT(fail(), ::testing::KilledBySignal(SIGABRT), "error the process ends: .* what=\"broken invariant\"\n$");
}

TEST_F(LastWordsDeathTest, SoIsMemoryThatHasRunOut) {
  const auto fail = [] {
    Prepare(LogFormat::kPlain);
    std::thread([] { throw std::bad_alloc(); }).join();
  };
  EXPECT_EXIT(fail(), ::testing::KilledBySignal(SIGABRT), "error the process ends: there is no memory left\n$");
}

TEST_F(LastWordsDeathTest, AnAbortIsToldInTheFormOfTheLog) {
  const auto abort_with = [](LogFormat format) {
    Prepare(format);
    std::abort();
  };
  EXPECT_EXIT(abort_with(LogFormat::kPlain), ::testing::KilledBySignal(SIGABRT),
              "^20[0-9-]{8}T[0-9:]{8}\\.[0-9]{3}Z error the process ends: a library called abort\\(\\).*\n$");
  EXPECT_EXIT(abort_with(LogFormat::kJson), ::testing::KilledBySignal(SIGABRT),
              R"re(^\{"time":"20[0-9-]{8}T[0-9:.]{12}Z","level":"error","message":"the process ends: .*"\})re");
}

}  // namespace
}  // namespace daytonad
