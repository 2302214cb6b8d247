#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "client/cli/testing/child_process.h"
#include "client/cli/testing/run_command.h"

namespace daytonad::cli {
namespace {

using testing::HasSubstr;
using testing::Not;

std::string Script(const std::string& shell) { return RunCommand("unix:/nowhere", {"completion", shell}).out; }

// What bash offers for the last of `words`, a line each.
std::string BashOffers(const std::vector<std::string>& words) {
  std::string quoted;
  for (const std::string& word : words) quoted += " '" + word + "'";
  const std::string run = Script("bash") + "\nCOMP_WORDS=(daytonactl" + quoted +
                          ") COMP_CWORD=" + std::to_string(words.size()) +
                          "\n_daytonactl\nprintf '%s\\n' \"${COMPREPLY[@]}\"\n";
  const ChildProcess::Outcome outcome = ChildProcess({"/bin/bash", "-uc", run}).Finish();
  EXPECT_EQ(outcome.err, "");
  return outcome.out;
}

TEST(BashCompletion, OffersCommandsThenTheirFlags) {
  EXPECT_EQ(BashOffers({"s"}), "sandbox\nsnapshot\n");
  EXPECT_EQ(BashOffers({"--output", "json", "volume", "l"}), "list\n");
  EXPECT_EQ(BashOffers({"sandbox", "create", "--auto-s"}), "--auto-stop-minutes\n");
  EXPECT_EQ(BashOffers({"sandbox", "create", "--sna"}), "--snapshot\n");
  EXPECT_EQ(BashOffers({"sandbox", "get", "--addr"}), "--address\n");
  EXPECT_EQ(BashOffers({"cont"}), "context\n");
  EXPECT_EQ(BashOffers({"context", "upload", "--arch"}), "--archive-path\n");
  EXPECT_EQ(BashOffers({"snapshot", "create", "--con"}), "--context\n");
  EXPECT_EQ(BashOffers({"sandbox", "list", "-o", "j"}), "json\n");
}

TEST(BashCompletion, LeavesValuesToFileNames) {
  EXPECT_EQ(BashOffers({"sandbox", "create", "--dockerfile", ""}), "\n");
  EXPECT_EQ(BashOffers({"sandbox", "create", "--declarative", ""}), "\n");
  EXPECT_EQ(BashOffers({"sandbox", "create", "--context", ""}), "\n");
}

// Skips shells that are not installed.
TEST(Completion, ScriptsParse) {
  for (const std::string shell : {"bash", "zsh", "fish"}) {
    const std::string program = "/bin/" + shell;
    const std::string script = Script(shell);
    EXPECT_THAT(script, HasSubstr("auto-stop-minutes"));
    for (const char* part : {"@PATHS@", "@VALUE_FLAGS@", "@BRANCHES@"}) EXPECT_THAT(script, Not(HasSubstr(part)));
    if (!std::filesystem::exists(program)) continue;
    const ChildProcess::Outcome outcome = ChildProcess({program, "-n", "-c", script}).Finish();
    EXPECT_EQ(outcome.exit_code, 0) << shell << ": " << outcome.err;
  }
}

}  // namespace
}  // namespace daytonad::cli
