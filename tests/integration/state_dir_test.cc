// Request ids that survive the daemon: --state-dir.
#include <atomic>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tests/integration/sandboxes_fixture.h"

namespace daytonad::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class StateDirTest : public SandboxesTest {
 protected:
  StateDirTest() {
    std::string pattern = std::filesystem::temp_directory_path() / "daytonad-test-XXXXXX";
    directory_ = ::mkdtemp(pattern.data());
  }
  ~StateDirTest() override {
    daemon_.reset();
    std::error_code ignored;
    std::filesystem::remove_all(directory_, ignored);
  }

  ProcessOptions daemon_options() override {
    ProcessOptions options = DaemonFor(emulator_->url());
    options.flags.insert(options.flags.end(), {"--state-dir", directory_ + "/state"});
    return options;
  }

  void Kill() {
    daemon_->Signal(SIGKILL);
    daemon_->WaitForExit();
  }
  void StartAgain() {
    daemon_ = std::make_unique<DaemonProcess>(daemon_options());
    ASSERT_TRUE(daemon_->running()) << daemon_->log();
    client::ConnectOptions options;
    options.with_service_config = false;
    client_ = *client::Client::Connect(daemon_->addresses().front(), options);
  }

  // Everything the daemon has on disk.
  std::string StateBytes() const {
    std::string bytes;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(directory_)) {
      if (!entry.is_regular_file()) continue;
      std::ifstream file(entry.path(), std::ios::binary);
      bytes.append(std::istreambuf_iterator<char>(file), {});
    }
    return bytes;
  }
  int Posts(const std::string& path) { return control().CountRequests("POST", path); }

  std::string directory_;
};

// Many named creates at once.
class ManyCreatesTest : public StateDirTest {
 protected:
  static constexpr int kCreates = 200;
  static constexpr int kThreads = 16;

  // Makes them all, and calls `after` with the number answered so far. Returns ids by number; empty if failed.
  template <typename After>
  std::vector<std::string> CreateAll(After after) {
    std::vector<std::string> ids(kCreates);
    std::atomic<int> next = 0;
    std::atomic<int> answered = 0;
    std::vector<std::thread> threads;
    threads.reserve(kThreads);
    for (int t = 0; t < kThreads; ++t) {
      threads.emplace_back([&] {
        for (int i = next++; i < kCreates; i = next++) {
          const auto created = Create(absl::StrCat("spec { name: 'box-", i, "' } request_id: 'r-", i, "'"));
          if (created.ok()) {
            ids[i] = created.value.sandbox().id();
            after(++answered);
          } else {
            errors_.push_back({i, Outcome(created.error)});
          }
        }
      });
    }
    for (std::thread& thread : threads) thread.join();
    return ids;
  }

  struct Errors {
    void push_back(std::pair<int, std::string> error) {
      const std::lock_guard lock(mutex);
      all.push_back(std::move(error));
    }
    std::mutex mutex;
    std::vector<std::pair<int, std::string>> all;
  } errors_;
};

TEST_F(ManyCreatesTest, AfterAKillTheSameIdsGiveTheSameSandboxes) {
  std::vector<std::string> before = CreateAll([this](int answered) {
    if (answered == kCreates / 3) daemon_->Signal(SIGKILL);
  });
  daemon_->WaitForExit();
  EXPECT_FALSE(errors_.all.empty());
  errors_.all.clear();
  for (int round = 0; round < 2; ++round) {
    StartAgain();
    const std::vector<std::string> after = CreateAll([](int) {});
    for (const auto& [number, error] : errors_.all) ADD_FAILURE() << "box-" << number << ": " << error;
    for (int i = 0; i < kCreates; ++i) {
      if (!before[i].empty()) {
        EXPECT_EQ(after[i], before[i]) << i;
      }
    }
    EXPECT_EQ(std::set<std::string>(after.begin(), after.end()).size(), size_t{kCreates});
    before = after;
    Kill();
  }
}

TEST_F(StateDirTest, AnotherRequestUnderTheIdIsRefusedAfterARestart) {
  ASSERT_EQ(Outcome(Create("spec { name: 'a' } request_id: 'r'").error), "OK");
  Kill();
  StartAgain();
  EXPECT_EQ(Outcome(Create("spec { name: 'b' } request_id: 'r'").error), "INVALID_ARGUMENT REQUEST_ID_REUSED");
  EXPECT_EQ(Outcome(Stop("a", "request_id: 'r'").error), "INVALID_ARGUMENT REQUEST_ID_REUSED");
}

TEST_F(StateDirTest, ARefusalIsTheSameAfterARestart) {
  ASSERT_EQ(Outcome(Create("spec { name: 'a' }").error), "OK");
  ASSERT_EQ(Outcome(Create("spec { name: 'a' } request_id: 'r'").error), "ALREADY_EXISTS NAME_TAKEN");
  Kill();
  StartAgain();
  control().ResetRequests();
  EXPECT_EQ(Outcome(Create("spec { name: 'a' } request_id: 'r'").error), "ALREADY_EXISTS NAME_TAKEN");
  EXPECT_EQ(Posts("/api/sandbox"), 0);
}

TEST_F(StateDirTest, EachChangeIsMadeOnce) {
  using Snapshots = v1::SnapshotService::Stub;
  using Volumes = v1::VolumeService::Stub;
  const std::string id = MakeSandbox(Parse<v1::SandboxSpec>("name: 'box'")).id();
  MakeSnapshot("gone");
  MakeVolume("gone");
  std::string answers[2];
  for (std::string& answer : answers) {
    const auto stopped = Stop(id, "request_id: 'stop'");
    const auto volume =
        Call(volumes(), &Volumes::CreateVolume, Parse<v1::CreateVolumeRequest>("name: 'v' wait: true request_id: 'v'"));
    const auto snapshot =
        Call(snapshots(), &Snapshots::CreateSnapshot,
             Parse<v1::CreateSnapshotRequest>("spec { name: 's' image: 'debian:12' } request_id: 's'"));
    const auto no_snapshot = Call(snapshots(), &Snapshots::DeleteSnapshot,
                                  Parse<v1::DeleteSnapshotRequest>("snapshot: 'gone' wait: true request_id: 'ds'"));
    const auto no_volume = Call(volumes(), &Volumes::DeleteVolume,
                                Parse<v1::DeleteVolumeRequest>("volume: 'gone' wait: true request_id: 'dv'"));
    const auto deleted = Delete(id, "wait: true request_id: 'delete'");
    for (const auto& error :
         {stopped.error, volume.error, snapshot.error, no_snapshot.error, no_volume.error, deleted.error}) {
      EXPECT_EQ(Outcome(error), "OK") << (error.has_value() ? error->message : "");
    }
    answer = absl::StrCat(stopped.value.sandbox().id(), volume.value.volume().id(), snapshot.value.snapshot().id(),
                          no_snapshot.value.snapshot_id(), no_volume.value.volume_id(), deleted.value.sandbox().id());
    if (&answer == &answers[0]) {
      Kill();
      StartAgain();
    }
  }
  EXPECT_EQ(answers[0], answers[1]);
  EXPECT_EQ(Posts("/stop"), 1);
  EXPECT_EQ(Posts("/api/volumes"), 2);
  EXPECT_EQ(Posts("/api/snapshots"), 2);
  EXPECT_EQ(control().CountRequests("DELETE", ""), 3);
}

// Of a delete in progress only its existence is remembered: if the object is gone afterwards, it counts as deleted.
TEST_F(StateDirTest, AChangeUnansweredWhenTheDaemonDiedIsSettled) {
  const std::string id = MakeSandbox(Parse<v1::SandboxSpec>("name: 'box'")).id();
  control().AddFault({{"method", "DELETE"}}, {{"delay_ms", 20'000}, {"when", "after"}});
  std::thread caller([&] { EXPECT_NE(Outcome(Delete(id, "request_id: 'r'").error), "OK"); });
  ASSERT_TRUE(Eventually([this] { return control().CountRequests("DELETE", "/sandbox/") == 1; }));
  Kill();
  caller.join();
  control().ClearFaults();
  StartAgain();
  EXPECT_EQ(Outcome(Delete(id, "wait: true request_id: 'r'").error), "OK");
}

TEST_F(StateDirTest, NothingSecretIsOnDisk) {
  ASSERT_EQ(Outcome(Create("spec { name: 'a-name' env { key: 'PASSWORD' value: 'pw-hunter2' } "
                           "labels { key: 'label-key' value: 'label-value' } } request_id: 'a-request-id'")
                        .error),
            "OK");
  control().AddFault({{"method", "POST"}}, {{"status", 400}, {"body", DaytonaError(400, "said of pw-hunter2")}});
  EXPECT_NE(Outcome(Create("spec { name: 'b' env { key: 'PASSWORD' value: 'pw-hunter2' } } request_id: 's'").error),
            "OK");
  daemon_->Signal(SIGTERM);
  EXPECT_EQ(daemon_->WaitForExit(), 0);
  const std::string bytes = StateBytes();
  EXPECT_THAT(bytes, HasSubstr("a-request-id"));
  for (const char* secret : {"hunter2", "PASSWORD", "label-value", kApiKey}) EXPECT_THAT(bytes, Not(HasSubstr(secret)));
  for (const auto& entry : std::filesystem::directory_iterator(directory_ + "/state")) {
    EXPECT_EQ(entry.status().permissions() & std::filesystem::perms(0177), std::filesystem::perms::none)
        << entry.path();
  }
  EXPECT_EQ(std::filesystem::status(directory_ + "/state").permissions(), std::filesystem::perms::owner_all);
}

TEST_F(StateDirTest, AnotherCredentialGetsNothing) {
  ASSERT_EQ(Outcome(Create("spec { name: 'a' } request_id: 'r'").error), "OK");
  Kill();
  control().ChangeKeys({{"accept", {"another-key"}}});
  ProcessOptions options = daemon_options();
  options.environment["DAYTONA_API_KEY"] = "another-key";
  daemon_ = std::make_unique<DaemonProcess>(options);
  ASSERT_TRUE(daemon_->running()) << daemon_->log();
  client_ = *client::Client::Connect(daemon_->addresses().front());
  EXPECT_EQ(Outcome(Create("spec { name: 'a' } request_id: 'r'").error), "ALREADY_EXISTS NAME_TAKEN");
}

TEST_F(StateDirTest, TwoDaemonsCannotShareADirectory) {
  const FinishedProcess second = RunDaemon([&] {
    ProcessOptions options = daemon_options();
    options.flags.insert(options.flags.end(), {"--listen", "127.0.0.1:0"});
    return options;
  }());
  EXPECT_EQ(second.exit_status, 2);
  EXPECT_THAT(second.output, HasSubstr("is used by another daemon"));
}

}  // namespace
}  // namespace daytonad::testing
