#include "daemon/auth/credential_source.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>

#include "daemon/base/error.h"
#include "daemon/base/log.h"
#include "daemon/base/testing/fake_clock.h"
#include "daemon/base/testing/no_descriptors.h"

namespace daytonad {
namespace {

namespace fs = std::filesystem;
using std::chrono::seconds;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::internal::CaptureStderr;
using ::testing::internal::GetCapturedStderr;

class FileCredentialTest : public ::testing::Test {
 protected:
  FileCredentialTest() {
    std::string pattern = ::testing::TempDir() + "daytonad-key-XXXXXX";
    directory_ = ::mkdtemp(pattern.data());
  }
  ~FileCredentialTest() override { fs::remove_all(directory_); }

  std::string Path() const { return directory_ / "key"; }

  // Replaces the file as an editor or the kubelet does: a new inode.
  void Write(const std::string& text) const {
    const fs::path fresh = directory_ / "fresh";
    std::ofstream(fresh, std::ios::binary) << text;
    fs::rename(fresh, Path());
  }

  std::unique_ptr<FileCredential> Open() {
    auto source = FileCredential::Open(Path(), clock_);
    EXPECT_TRUE(source.ok()) << source.status();
    return *std::move(source);
  }

  fs::path directory_;
  FakeClock clock_{FakeClock::Mode::kManual};
};

TEST_F(FileCredentialTest, ReadsTheKeyWithoutItsLineBreak) {
  for (const char* text : {"dtn_1", "dtn_1\n", "dtn_1\r\n", "dtn_1\n\n"}) {
    Write(text);
    EXPECT_EQ(Open()->Current().token.Reveal(), "dtn_1");
  }
  EXPECT_EQ(Open()->Current().kind, Credential::Kind::kApiKey);
}

TEST_F(FileCredentialTest, RefusesAFileWithoutAUsableKeyAndNamesIt) {
  for (const std::string& text : {std::string(), std::string("\n"), std::string("dtn_1\ndtn_2\n"), std::string("dtn 1"),
                                  std::string("dtn_\0", 5), std::string(20'000, 'k'), std::string(1 << 20, 'k')}) {
    Write(text);
    const auto source = FileCredential::Open(Path(), clock_);
    EXPECT_EQ(ErrorReason(source.status()), "CREDENTIAL_INVALID") << text.size();
    EXPECT_THAT(std::string(source.status().message()), HasSubstr(Path()));
    EXPECT_THAT(std::string(source.status().message()), Not(HasSubstr("dtn")));
  }
}

TEST_F(FileCredentialTest, RefusesWhatIsNoFile) {
  EXPECT_EQ(ErrorReason(FileCredential::Open(Path(), clock_).status()), "CREDENTIAL_FILE_UNREADABLE");
  EXPECT_EQ(ErrorReason(FileCredential::Open(directory_, clock_).status()), "CREDENTIAL_FILE_UNREADABLE");
}

TEST_F(FileCredentialTest, TakesUpAReplacedFileWithinASecond) {
  Write("dtn_old");
  const auto source = Open();
  Write("dtn_new");
  EXPECT_EQ(source->Current().token.Reveal(), "dtn_old") << "looked at a moment ago";
  clock_.Advance(seconds(1));
  EXPECT_EQ(source->Current().token.Reveal(), "dtn_new");
}

TEST_F(FileCredentialTest, FollowsTheSymbolicLinksOfAKubernetesSecret) {
  for (const char* version : {"v1", "v2"}) {
    fs::create_directory(directory_ / version);
    std::ofstream(directory_ / version / "key") << "dtn_" << version;
  }
  fs::create_directory_symlink("v1", directory_ / "..data");
  fs::create_symlink("..data/key", Path());
  const auto source = Open();
  EXPECT_EQ(source->Current().token.Reveal(), "dtn_v1");
  fs::create_directory_symlink("v2", directory_ / "..data_tmp");
  fs::rename(directory_ / "..data_tmp", directory_ / "..data");
  clock_.Advance(seconds(1));
  EXPECT_EQ(source->Current().token.Reveal(), "dtn_v2");
}

TEST_F(FileCredentialTest, KeepsTheOldKeyWhileTheNewOneCannotBeUsedAndWarnsOnce) {
  ConfigureLog(LogLevel::kWarning, LogFormat::kPlain);
  Write("dtn_old");
  const auto source = Open();
  CaptureStderr();
  Write("");
  for (int i = 0; i < 3; ++i) {
    clock_.Advance(seconds(1));
    EXPECT_EQ(source->Current().token.Reveal(), "dtn_old");
  }
  FlushLog();
  const std::string empty_file = GetCapturedStderr();
  EXPECT_THAT(empty_file, HasSubstr("the old key stays in use"));
  EXPECT_EQ(std::count(empty_file.begin(), empty_file.end(), '\n'), 1);
  EXPECT_THAT(empty_file, Not(HasSubstr("dtn_")));

  CaptureStderr();
  fs::remove(Path());
  for (int i = 0; i < 3; ++i) {
    clock_.Advance(seconds(1));
    EXPECT_EQ(source->Current().token.Reveal(), "dtn_old");
  }
  FlushLog();
  const std::string missing_file = GetCapturedStderr();
  EXPECT_EQ(std::count(missing_file.begin(), missing_file.end(), '\n'), 1);

  Write("dtn_new");
  clock_.Advance(seconds(1));
  EXPECT_EQ(source->Current().token.Reveal(), "dtn_new");
}

TEST_F(FileCredentialTest, IsReadAsSoonAsThereIsADescriptorForIt) {
  ConfigureLog(LogLevel::kWarning, LogFormat::kPlain);
  Write("dtn_old");
  const auto source = Open();
  Write("dtn_new");
  CaptureStderr();
  {
    const NoDescriptors no_more;
    for (int i = 0; i < 3; ++i) {
      clock_.Advance(seconds(1));
      EXPECT_EQ(source->Current().token.Reveal(), "dtn_old");
    }
  }
  FlushLog();
  const std::string log = GetCapturedStderr();
  EXPECT_THAT(log, HasSubstr("Too many open files"));
  EXPECT_EQ(std::count(log.begin(), log.end(), '\n'), 1);
  clock_.Advance(seconds(1));
  EXPECT_EQ(source->Current().token.Reveal(), "dtn_new");
}

TEST(StaticCredentialTest, StaysTheSame) {
  Credential credential;
  credential.token = Secret(std::string("dtn_1"));
  StaticCredential source(credential);
  EXPECT_EQ(source.Current().token.Reveal(), "dtn_1");
}

}  // namespace
}  // namespace daytonad
