#include "client/cpp/context_pack.h"

#include <archive.h>
#include <archive_entry.h>
#include <sys/stat.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace daytonad::client {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

namespace fs = std::filesystem;

class PackContextTest : public testing::Test {
 protected:
  void SetUp() override {
    umask(022);
    std::string pattern = fs::temp_directory_path() / "context-pack-XXXXXX";
    root_ = mkdtemp(pattern.data());
  }
  void TearDown() override { fs::remove_all(root_); }

  fs::path Write(const std::string& name, const std::string& content) const {
    fs::path path = root_ / name;
    fs::create_directories(path.parent_path());
    std::ofstream(path, std::ios::binary) << content;
    fs::permissions(path, fs::perms(0644));
    return path;
  }

  // Packs `name` as "app", and keeps its tar.
  absl::StatusOr<PackedContext> Pack(const std::string& name) {
    source_.path = root_ / name;
    return PackContext(source_, [this](std::string_view bytes) {
      tar_ += bytes;
      return true;
    });
  }

  // What is in the tar: "app/a.txt=content", "app/d/", "app/link->target".
  std::vector<std::string> Entries() const {
    std::vector<std::string> entries;
    const std::unique_ptr<archive, int (*)(archive*)> reader(archive_read_new(), archive_read_free);
    archive_read_support_format_tar(reader.get());
    archive_read_open_memory(reader.get(), tar_.data(), tar_.size());
    archive_entry* entry = nullptr;
    while (archive_read_next_header(reader.get(), &entry) == ARCHIVE_OK) {
      std::string text = archive_entry_pathname(entry);
      std::string content(static_cast<std::size_t>(archive_entry_size(entry)), '\0');
      archive_read_data(reader.get(), content.data(), content.size());
      if (archive_entry_filetype(entry) == AE_IFREG) text += "=" + content;
      if (archive_entry_filetype(entry) == AE_IFLNK) text += std::string("->") + archive_entry_symlink(entry);
      EXPECT_EQ(archive_entry_uid(entry), 0);
      entries.push_back(text);
    }
    return entries;
  }

  fs::path root_;
  ContextSource source_{.path = "", .archive_path = "app", .includes = {}};
  std::string tar_;
};

TEST_F(PackContextTest, AFileIsOneEntry) {
  Write("a.txt", "A\n");
  source_.archive_path = "proj/a.txt";
  const auto packed = Pack("a.txt");
  ASSERT_TRUE(packed.ok()) << packed.status();
  EXPECT_EQ(packed->header.archive_path(), "proj/a.txt");
  EXPECT_EQ(packed->header.context_hash(), "588dfc443731a8cab9e8083eebe9e423");
  EXPECT_EQ(packed->header.size(), tar_.size());
  EXPECT_FALSE(packed->empty);
  EXPECT_THAT(Entries(), ElementsAre("proj/a.txt=A\n"));
}

TEST_F(PackContextTest, SubdirectoriesFollowTheFiles) {
  Write("in/d/f", "2");
  Write("in/a", "1");
  const auto packed = Pack("in");
  ASSERT_TRUE(packed.ok()) << packed.status();
  EXPECT_EQ(packed->header.context_hash(), "9755500f4004f222cac0ebef8e2f16c6");
  EXPECT_EQ(packed->header.size(), tar_.size());
  EXPECT_THAT(Entries(), ElementsAre("app/", "app/a=1", "app/d/", "app/d/f=2"));
}

TEST_F(PackContextTest, EmptyDirectoriesCount) {
  fs::create_directories(root_ / "empty");
  EXPECT_EQ(Pack("empty")->header.context_hash(), "fe93905513537e896abfb147c7011538");
  Write("in/a", "1");
  fs::create_directories(root_ / "in/d");
  EXPECT_EQ(Pack("in")->header.context_hash(), "1fe0db286bab66832b8c7d3135dd683c");
}

TEST_F(PackContextTest, LinksStayLinksButForTheContextItself) {
  fs::create_directories(root_ / "in");
  fs::create_symlink("../x", root_ / "in/link");
  fs::create_directory_symlink("in", root_ / "to-in");
  const auto packed = Pack("to-in");
  ASSERT_TRUE(packed.ok()) << packed.status();
  EXPECT_EQ(packed->header.context_hash(), "fb93d239120ed91ad6a48d6063f002a1");
  EXPECT_THAT(Entries(), ElementsAre("app/", "app/link->../x"));
}

TEST_F(PackContextTest, TheHashIsTheSameWithoutASink) {
  Write("in/a", std::string(3'000'000, 'x'));
  const auto packed = Pack("in");
  const auto again = PackContext(source_);
  EXPECT_EQ(again->header.SerializeAsString(), packed->header.SerializeAsString());
}

TEST_F(PackContextTest, LongAndForeignNamesAreKept) {
  const std::string name = std::string(120, 'n') + "-ä日本";
  Write("in/" + name, "1");
  ASSERT_TRUE(Pack("in").ok());
  EXPECT_NE(tar_.find(name), std::string::npos);
}

TEST_F(PackContextTest, LeavesOutWhatIsNotWanted) {
  Write("in/keep", "1");
  Write("in/skip/a", "2");
  Write("in/look/a", "3");
  Write("in/look/keep", "4");
  source_.includes = [](const std::string& path) {
    if (path == "skip") return Inclusion::kSkip;
    if (path == "look" || path == "look/a") return Inclusion::kSkipButLookInside;
    return Inclusion::kTake;
  };
  ASSERT_TRUE(Pack("in").ok());
  EXPECT_THAT(Entries(), ElementsAre("app/", "app/keep=1", "app/look/keep=4"));
  source_.includes = [](const std::string&) { return Inclusion::kSkipButLookInside; };
  EXPECT_TRUE(Pack("in")->empty);
}

TEST_F(PackContextTest, SaysWhatCanNotBeRead) {
  EXPECT_EQ(Pack("none").status().code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(std::string(Pack("none").status().message()), HasSubstr("/none"));
  fs::create_directories(root_ / "in");
  ASSERT_EQ(mkfifo((root_ / "in/pipe").c_str(), 0600), 0);
  EXPECT_EQ(Pack("in").status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(Pack("in/pipe").status().message()), HasSubstr("in/pipe is neither"));
}

TEST_F(PackContextTest, AFileThatShrinksIsAnError) {
  const fs::path path = Write("big", std::string(2'000'000, 'x'));
  source_.path = path;
  const auto packed = PackContext(source_, [&](std::string_view) {
    fs::resize_file(path, 10);
    return true;
  });
  EXPECT_EQ(packed.status().code(), absl::StatusCode::kAborted);
}

TEST_F(PackContextTest, EndsWhenTheSinkWantsNoMore) {
  source_.path = Write("big", std::string(2'000'000, 'x'));
  int calls = 0;
  const auto packed = PackContext(source_, [&](std::string_view) { return ++calls < 3; });
  EXPECT_EQ(packed.status().code(), absl::StatusCode::kCancelled);
  EXPECT_EQ(calls, 3);
}

TEST(DefaultArchivePath, IsThePythonSdks) {
  EXPECT_EQ(*DefaultArchivePath("./app/"), "app");
  EXPECT_EQ(*DefaultArchivePath("/tmp//a.txt"), "tmp/a.txt");
  EXPECT_EQ(*DefaultArchivePath("a/x/../b"), "a/b");
  for (const char* path : {"", ".", "./", "/", "..", "../a", "a/../.."}) {
    EXPECT_FALSE(DefaultArchivePath(path).ok()) << path;
  }
}

}  // namespace
}  // namespace daytonad::client
