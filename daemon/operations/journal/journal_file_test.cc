#include "daemon/operations/journal/journal_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <csignal>

#include "daemon/operations/journal/segment.h"
#include "daemon/operations/journal/testing/state_directory.h"

namespace daytonad {
namespace {

using ::testing::HasSubstr;

class JournalFileTest : public ::testing::Test {
 protected:
  void Open() {
    JournalOptions options;
    options.directory = directory_.path();
    options.segment_bytes = segment_bytes_;
    file_.reset();  // and its lock
    absl::StatusOr<std::unique_ptr<JournalFile>> file = JournalFile::Open(options, now_);
    ASSERT_TRUE(file.ok()) << file.status();
    file_ = *std::move(file);
  }
  absl::Status Add(const std::string& id) {
    journal::Record record;
    record.set_request_id(id);
    record.set_written_ms(std::chrono::duration_cast<std::chrono::milliseconds>(now_.time_since_epoch()).count());
    return file_->Append(EncodeRecord(record), now_);
  }
  std::string Ids() {
    std::string ids;
    for (const journal::Record& record : file_->TakeRecords()) ids += record.request_id() + " ";
    return ids;
  }
  mode_t ModeOf(const std::string& path) {
    struct stat info {};
    EXPECT_EQ(::stat(path.c_str(), &info), 0) << path;
    return info.st_mode & 0777;
  }

  StateDirectory directory_;
  JournalFile::Time now_ = std::chrono::system_clock::now();
  size_t segment_bytes_ = 1 << 20;
  std::unique_ptr<JournalFile> file_;
};

TEST_F(JournalFileTest, AppendedRecordsSurviveReopening) {
  Open();
  EXPECT_EQ(Ids(), "");
  EXPECT_TRUE(Add("a").ok());
  EXPECT_TRUE(Add("b").ok());
  Open();
  EXPECT_EQ(Ids(), "a b ");
  EXPECT_TRUE(Add("c").ok());
  Open();
  EXPECT_EQ(Ids(), "a b c ");
}

TEST_F(JournalFileTest, OnlyTheOwnerMayReadIt) {
  Open();
  EXPECT_TRUE(Add("a").ok());
  EXPECT_EQ(ModeOf(directory_.path()), 0700);
  EXPECT_EQ(ModeOf(directory_.file()), 0600);
  EXPECT_EQ(ModeOf(directory_.file("lock")), 0600);
  ::chmod(directory_.path().c_str(), 0755);
  Open();
  EXPECT_EQ(ModeOf(directory_.path()), 0700);
}

TEST_F(JournalFileTest, TwoDaemonsCannotShareADirectory) {
  Open();
  const auto second = JournalFile::Open({.directory = directory_.path()}, now_);
  EXPECT_THAT(second.status().ToString(), HasSubstr("is used by another daemon"));
  file_.reset();
  EXPECT_TRUE(JournalFile::Open({.directory = directory_.path()}, now_).ok());
}

TEST_F(JournalFileTest, ATornEndIsCutOffAndLaterRecordsAreRead) {
  Open();
  EXPECT_TRUE(Add("a").ok());
  EXPECT_TRUE(Add("b").ok());
  const std::string whole = directory_.Read();
  directory_.Write(whole.substr(0, whole.size() - 3));
  Open();
  EXPECT_EQ(Ids(), "a ");
  EXPECT_TRUE(Add("c").ok());
  Open();
  EXPECT_EQ(Ids(), "a c ");
}

TEST_F(JournalFileTest, AnotherVersionIsSetAside) {
  Open();
  EXPECT_TRUE(Add("a").ok());
  std::string other = directory_.Read();
  other[8] = '\x09';
  directory_.Write(other);
  Open();
  EXPECT_EQ(Ids(), "");
  EXPECT_EQ(directory_.Read("requests.journal.unreadable"), other);
  EXPECT_TRUE(Add("b").ok());
  Open();
  EXPECT_EQ(Ids(), "b ");
}

TEST_F(JournalFileTest, ItsSizeIsBoundedAndTheNewestAreKept) {
  segment_bytes_ = 1000;
  Open();
  for (int i = 0; i < 200; ++i) EXPECT_TRUE(Add("id-" + std::to_string(i)).ok());
  EXPECT_LE(directory_.Read().size(), segment_bytes_);
  EXPECT_LE(directory_.Read("requests.journal.1").size(), segment_bytes_);
  Open();
  EXPECT_THAT(Ids(), HasSubstr("id-180 "));
}

TEST_F(JournalFileTest, OldRecordsAreDeleted) {
  Open();
  EXPECT_TRUE(Add("a").ok());
  now_ += std::chrono::minutes(61);
  EXPECT_TRUE(Add("b").ok());
  now_ += std::chrono::minutes(61);
  EXPECT_TRUE(Add("c").ok());
  Open();
  EXPECT_EQ(Ids(), "b c ");
}

// The kernel's limit on the size of files stands for a disk that is full.
TEST_F(JournalFileTest, AFullDiskIsAnErrorThatLeavesItIntact) {
  Open();
  EXPECT_TRUE(Add("a").ok());
  std::signal(SIGXFSZ, SIG_IGN);
  rlimit before{};
  ::getrlimit(RLIMIT_FSIZE, &before);
  const rlimit full{directory_.Read().size() + 5, before.rlim_max};
  ::setrlimit(RLIMIT_FSIZE, &full);
  EXPECT_FALSE(Add("b").ok());
  ::setrlimit(RLIMIT_FSIZE, &before);
  EXPECT_TRUE(Add("c").ok());
  Open();
  EXPECT_EQ(Ids(), "a c ");
}

TEST_F(JournalFileTest, AnUncreatableDirectoryIsReportedAtTheStart) {
  EXPECT_THAT(JournalFile::Open({.directory = "/no/such/place"}, now_).status().ToString(),
              HasSubstr("/no/such/place"));
  EXPECT_THAT(JournalFile::Open({.directory = "here"}, now_).status().ToString(), HasSubstr("absolute"));
}

}  // namespace
}  // namespace daytonad
