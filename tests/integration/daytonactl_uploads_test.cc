// daytonactl uploads build contexts, through the daemon, into the emulator's object storage.
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "client/cli/testing/child_process.h"
#include "tests/integration/fixture.h"

namespace daytonad::testing {
namespace {

using cli::ChildProcess;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

namespace fs = std::filesystem;

constexpr std::uintmax_t kLarge = 64 << 20;

class DaytonactlUploadsTest : public IntegrationTest {
 protected:
  void SetUp() override {
    std::string pattern = fs::temp_directory_path() / "daytonactl-XXXXXX";
    directory_ = mkdtemp(pattern.data());
    IntegrationTest::SetUp();
  }
  void TearDown() override { fs::remove_all(directory_); }

  std::string Write(const std::string& name, const std::string& content) const {
    const fs::path path = directory_ / name;
    fs::create_directories(path.parent_path());
    std::ofstream(path, std::ios::binary) << content;
    return path;
  }
  // A sparse file of zeros.
  std::string WriteLarge() const {
    std::string path = Write("large", "");
    fs::resize_file(path, kLarge);
    return path;
  }

  std::vector<std::string> Line(std::vector<std::string> arguments) const {
    arguments.insert(arguments.begin(), {DAYTONACTL, "--address", daemon_->addresses().front()});
    return arguments;
  }
  ChildProcess::Outcome Run(std::vector<std::string> arguments,
                            ChildProcess::ErrorTo error_to = ChildProcess::ErrorTo::kPipe) const {
    return ChildProcess(Line(std::move(arguments)), error_to).Finish();
  }
  ChildProcess::Outcome RunAtTerminal(std::vector<std::string> arguments) const {
    return Run(std::move(arguments), ChildProcess::ErrorTo::kTerminal);
  }

  nlohmann::json Objects() { return control().Storage()["objects"]; }
  int Writes() { return control().CountRequests("PUT", "/_storage") + control().CountRequests("POST", "/_storage"); }

  fs::path directory_;
};

TEST_F(DaytonactlUploadsTest, AContextIsStoredUnderItsHashAndOnlyOnce) {
  const std::vector<std::string> line = {"context", "upload", Write("a.txt", "A\n"), "--archive-path", "proj/a.txt"};
  const ChildProcess::Outcome first = Run(line);
  EXPECT_EQ(first.exit_code, 0) << first.err;
  EXPECT_EQ(first.out,
            "ARCHIVE PATH  HASH                              EXISTED\n"
            "proj/a.txt    588dfc443731a8cab9e8083eebe9e423  no\n");
  EXPECT_EQ(first.err, "");  // without a terminal there is no progress bar
  ASSERT_THAT(Objects(), SizeIs(1));
  EXPECT_THAT(std::string(Objects()[0]["key"]), HasSubstr("588dfc443731a8cab9e8083eebe9e423"));
  const int writes = Writes();
  EXPECT_THAT(Run(line).out, EndsWith("588dfc443731a8cab9e8083eebe9e423  yes\n"));
  EXPECT_EQ(Writes(), writes);
}

TEST_F(DaytonactlUploadsTest, ADirectoryIsHashedAsTheDaemonHashesItsTar) {
  Write("app/lib/ä.py", "1");
  Write("app/main.py", std::string(3'000'000, 'x'));
  fs::create_directories(directory_ / "app/empty/er");
  fs::create_symlink("main.py", directory_ / "app/link");
  const ChildProcess::Outcome outcome = Run({"context", "upload", directory_ / "app", "--archive-path", "app"});
  EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
  EXPECT_THAT(Objects(), SizeIs(1));
}

TEST_F(DaytonactlUploadsTest, TheBarIsWrittenOverAndEndsAtAHundredPercent) {
  const std::string large = WriteLarge();
  const ChildProcess::Outcome outcome = RunAtTerminal({"context", "upload", large, "-o", "name"});
  ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
  EXPECT_THAT(outcome.err, HasSubstr("\rupload   1% [>"));
  EXPECT_THAT(outcome.err, HasSubstr("1.0 MiB of 64.0 MiB"));
  const std::string last = outcome.err.substr(outcome.err.rfind("\rupload"));
  EXPECT_THAT(last, HasSubstr("upload 100% of 64.0 MiB in "));
  EXPECT_THAT(last, EndsWith("\x1b[K\r\n"));
  EXPECT_THAT(outcome.out, ::testing::MatchesRegex("[0-9a-f]{32}\n"));
  control().ClearStorage();
  EXPECT_EQ(RunAtTerminal({"context", "upload", large, "--quiet"}).err, "");
}

TEST_F(DaytonactlUploadsTest, AnEarlyAnswerEndsTheSending) {
  const std::string large = WriteLarge();
  ASSERT_EQ(Run({"context", "upload", large}).exit_code, 0);
  const ChildProcess::Outcome outcome = RunAtTerminal({"context", "upload", large});
  EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
  EXPECT_THAT(outcome.out, EndsWith("  yes\n"));
  EXPECT_THAT(outcome.err, HasSubstr("upload 100% of 64.0 MiB"));
  EXPECT_THAT(outcome.err, HasSubstr(" there already"));
}

TEST_F(DaytonactlUploadsTest, CtrlCLeavesNothingBehind) {
  const std::string large = WriteLarge();
  control().AddFault({{"method", "PUT"}, {"path_regex", "/_storage"}}, {{"delay_ms", 60'000}});
  ChildProcess child(Line({"context", "upload", large}), ChildProcess::ErrorTo::kTerminal);
  ASSERT_TRUE(Eventually([this] { return control().CountRequests("PUT", "/_storage") > 0; }));
  child.Signal(SIGINT);
  const ChildProcess::Outcome outcome = child.Finish();
  EXPECT_EQ(outcome.exit_code, 130);
  EXPECT_EQ(outcome.out, "");
  EXPECT_THAT(outcome.err, HasSubstr("\nerror: interrupted"));
  EXPECT_THAT(outcome.err, Not(HasSubstr("100%")));
  EXPECT_TRUE(Eventually([this] { return control().Storage()["uploads"].empty(); }));
  EXPECT_THAT(Objects(), IsEmpty());
  control().ClearFaults();
  const ChildProcess::Outcome again = Run({"context", "upload", large});
  EXPECT_THAT(again.out, EndsWith("  no\n")) << again.err;
}

TEST_F(DaytonactlUploadsTest, ARefusalOfTheStoreIsReported) {
  control().SetStorageConfigured(false);
  const ChildProcess::Outcome outcome = Run({"context", "upload", Write("a", "1")});
  EXPECT_EQ(outcome.exit_code, 9);
  EXPECT_THAT(outcome.err, HasSubstr("reason: NO_CONTEXT_STORE"));
  EXPECT_EQ(outcome.out, "");
}

TEST_F(DaytonactlUploadsTest, ASnapshotIsBuiltWithItsContext) {
  const std::string dockerfile = Write("c/Dockerfile", "FROM debian:12\nCOPY app /srv\n");
  Write("c/app/main.py", "print(1)\n");
  Write("c/.env", "SECRET=1\n");
  Write("c/.dockerignore", ".env\n.dockerignore\nDockerfile\n");
  const std::vector<std::string> create = {"create", "--dockerfile", dockerfile, "--context", directory_ / "c"};
  std::vector<std::string> line = {"snapshot"};
  line.insert(line.end(), create.begin(), create.end());
  line.insert(line.end(), {"--name", "with-files"});

  const ChildProcess::Outcome snapshot = RunAtTerminal(line);
  EXPECT_EQ(snapshot.exit_code, 0) << snapshot.err;
  const auto bar = snapshot.err.find("upload 100%");
  const auto log = snapshot.err.find("Step 2/2 : COPY app /srv");
  EXPECT_NE(bar, std::string::npos) << snapshot.err;
  EXPECT_NE(log, std::string::npos) << snapshot.err;
  EXPECT_LT(bar, log);
  ASSERT_THAT(Objects(), SizeIs(1));
  const std::string tar = control().StoredObject(Objects()[0]["key"]);
  EXPECT_THAT(tar, HasSubstr("app/main.py"));
  EXPECT_THAT(tar, HasSubstr("print(1)"));

  line[0] = "sandbox";
  line.back() = "box";
  const int writes = Writes();
  const ChildProcess::Outcome sandbox = Run(line);
  EXPECT_EQ(sandbox.exit_code, 0) << sandbox.err;
  EXPECT_EQ(Writes(), writes);
  const auto got =
      Call(sandboxes(), &v1::DaytonaService::Stub::GetSandbox, Parse<v1::GetSandboxRequest>("sandbox: 'box'"));
  const v1::BuildInfo& build = got.value.sandbox().build_info();
  EXPECT_EQ(build.dockerfile_content(), "FROM debian:12\nCOPY app /srv\n");
  ASSERT_EQ(build.context_hashes_size(), 1);
  EXPECT_THAT(std::string(Objects()[0]["key"]), HasSubstr(build.context_hashes(0)));
}

}  // namespace
}  // namespace daytonad::testing
