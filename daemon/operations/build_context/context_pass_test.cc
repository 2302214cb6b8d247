// What the hash and the tar of a context are, over all kinds of sources.
#include "daemon/operations/build_context/context_pass.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "daemon/base/error.h"
#include "daemon/operations/build_context/tar_context.h"
#include "daemon/operations/build_context/tar_reader.h"
#include "daemon/operations/build_context/testing/as_nobody.h"
#include "daemon/operations/build_context/testing/entries.h"
#include "daemon/operations/build_context/testing/tar_bytes.h"
#include "daemon/operations/build_context/testing/temporary_directory.h"

namespace daytonad {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

struct Packed {
  absl::Status status;
  std::string hash;
  std::string tar;
  size_t largest_piece = 0;
};

Packed Pack(const ContextSource& source, const ContextRoots& roots = {}) {
  Packed packed;
  ContextPass pass(source, roots, ContextPass::Makes::kHashAndTar);
  while (packed.hash.empty()) {
    absl::StatusOr<ContextPass::Piece> piece = pass.Next();
    packed.status = piece.status();
    if (!piece.ok()) return packed;
    packed.tar += piece->tar;
    packed.largest_piece = std::max(packed.largest_piece, piece->tar.size());
    packed.hash = piece->hash;
  }
  // The other pass, which makes no tar, comes to the same hash.
  ContextPass hash_pass(source, roots, ContextPass::Makes::kHash);
  std::string hash;
  while (hash.empty()) hash = hash_pass.Next()->hash;
  EXPECT_EQ(hash, packed.hash);
  return packed;
}

std::vector<std::string> EntriesOf(const std::string& tar) {
  Entries entries;
  TarReader reader(entries);
  absl::Status status = reader.Feed(tar);
  if (status.ok()) status = reader.Finish();
  EXPECT_TRUE(status.ok()) << status;
  return entries.lines;
}

std::string HashOfFile(const std::string& archive_path, const std::string& content) {
  return Pack({archive_path, InlineFile{content}}).hash;
}

// A context root with what a test puts into it.
class HostContext : public ::testing::Test {
 protected:
  HostContext() {
    absl::StatusOr<ContextRoots> roots = ContextRoots::Open({directory_.path()});
    EXPECT_TRUE(roots.ok()) << roots.status();
    roots_ = *std::move(roots);
  }

  Packed PackPath(const std::string& name, const std::string& archive_path) const {
    return Pack({archive_path, HostPath{directory_.Path(name)}}, roots_);
  }
  std::string ErrorOf(const std::string& name) const { return ErrorReason(PackPath(name, "p").status); }

  // a.txt, sub/b.bin with all bytes, and the empty sub/empty.
  void MakeProject(const std::string& name) const {
    std::string bytes;
    for (int i = 0; i < 256; ++i) bytes.push_back(static_cast<char>(i));
    directory_.Write(name + "/a.txt", "A\n");
    directory_.Write(name + "/sub/b.bin", bytes);
    std::filesystem::create_directory(directory_.Path(name + "/sub/empty"));
  }

  TemporaryDirectory directory_;
  ContextRoots roots_;
};

// As the Python SDK hashes a file.
std::string SdkHashOfFile(const std::string& archive_path, const std::string& content) {
  ContextHash hash(archive_path);
  EXPECT_TRUE(hash.OnEntry(ContextEntry()).ok());
  EXPECT_TRUE(hash.OnData(content).ok());
  return hash.Finish();
}

// Values that the official SDKs produced.
TEST(ContextHash, OfAFileMatchesTheSdk) {
  EXPECT_EQ(SdkHashOfFile("proj/a.txt", "A\n"), "3ca6cdf871a85ea07ac33693733306a4");
  EXPECT_EQ(SdkHashOfFile("tmp/g/proj/a.txt", "A\n"), "bd71812886e2ad17e0e3370723856f8e");
  EXPECT_EQ(SdkHashOfFile("/tmp/g/proj/a.txt", "A\n"), "3f4735016c1a1d399c19ee7a0d142a0e");
  EXPECT_EQ(SdkHashOfFile("tmp/tsv/ctx.txt", "hello"), "fe731e1eb08efa1ef151fa9a657aa0e7");
  EXPECT_EQ(SdkHashOfFile("/tmp/tsv/ctx.txt", "hello"), "f152b775802c9321a172fe9aa88b60ef");
  EXPECT_EQ(SdkHashOfFile("req.txt", "numpy==1.26\n"), "28bf2c5874a426039240d98a04f83512");
}

// "context 10\nproj/a.txt" "file 644 0 0 2\n" "A\n", as any SHA-256 has it.
TEST(TreeHash, IsWhatTheContractDescribes) {
  EXPECT_EQ(HashOfFile("proj/a.txt", "A\n"), "588dfc443731a8cab9e8083eebe9e423");
}

TEST(TreeHash, DistinguishesTreesWithOneSdkHash) {
  const auto hash_of = [](const std::string& archive_path, const std::string& tar) {
    return Pack({archive_path, InlineTar{tar + TarEnd()}}).hash;
  };
  const std::vector<std::string> hashes = {
      HashOfFile("a", "bcd"),
      HashOfFile("ab", "cd"),
      hash_of("p", TarFile("a", "bcd")),
      hash_of("p", TarFile("ab", "cd")),
      hash_of("pa", TarFile("b", "cd")),
      hash_of("p", TarFile("a", "b") + TarFile("c", "d")),
      hash_of("p", TarFile("a", "") + TarFile("bc", "d")),
      hash_of("p", TarLink("a", "bcd")),
      hash_of("p", TarLink("ab", "cd")),
      hash_of("p", TarDirectory("abcd")),
      hash_of("p", TarFile("a", "bcd") + TarDirectory("e")),
      hash_of("p", TarFile("a", "bcde")),
  };
  EXPECT_EQ(std::set<std::string>(hashes.begin(), hashes.end()).size(), hashes.size());
}

TEST_F(HostContext, ExecutePermissionIsPartOfTheTree) {
  directory_.Write("run.sh", "#!/bin/sh\n");
  const std::string before = PackPath("run.sh", "run.sh").hash;
  ASSERT_EQ(::chmod(directory_.Path("run.sh").c_str(), 0755), 0);
  EXPECT_NE(PackPath("run.sh", "run.sh").hash, before);
}

TEST_F(HostContext, TheSameFilesHaveTheSameHashFromAnySource) {
  MakeProject("proj");
  const Packed host = PackPath("proj", "proj");
  // What the daemon packed, as if a client had sent it.
  TreeHash hash("proj");
  TarContext context("proj", TarContext::Names::kFromRoot, hash);
  ASSERT_TRUE(context.Feed(host.tar).ok());
  ASSERT_TRUE(context.Finish().ok());
  EXPECT_EQ(hash.Finish(), host.hash);
  directory_.Write("req.txt", "numpy==1.26\n");
  ASSERT_EQ(::chmod(directory_.Path("req.txt").c_str(), 0644), 0);
  EXPECT_EQ(PackPath("req.txt", "req.txt").hash, HashOfFile("req.txt", "numpy==1.26\n"));
}

TEST_F(HostContext, TheTarHasEverythingUnderTheArchivePath) {
  MakeProject("proj");
  const std::vector<std::string> entries = EntriesOf(PackPath("proj", "x/y").tar);
  ASSERT_EQ(entries.size(), 5U);
  EXPECT_EQ(entries[0], "directory x/y/");
  EXPECT_EQ(entries[1], "file x/y/a.txt: A\n");
  EXPECT_EQ(entries[2], "directory x/y/sub/");
  EXPECT_THAT(entries[3], HasSubstr("file x/y/sub/b.bin: "));
  EXPECT_EQ(entries[4], "directory x/y/sub/empty/");
  EXPECT_THAT(EntriesOf(PackPath("proj/a.txt", "x/a").tar), ElementsAre("file x/a: A\n"));
}

TEST_F(HostContext, ModeAndTimeAreThoseOfTheSource) {
  directory_.Write("run.sh", "#!/bin/sh\n");
  ASSERT_EQ(::chmod(directory_.Path("run.sh").c_str(), 0750), 0);
  struct stat info = {};
  ASSERT_EQ(::stat(directory_.Path("run.sh").c_str(), &info), 0);
  Entries entries;
  TarReader reader(entries);
  ASSERT_TRUE(reader.Feed(PackPath("run.sh", "run.sh").tar).ok());
  EXPECT_EQ(entries.last.mode, 0750U);
  EXPECT_EQ(entries.last.mtime, info.st_mtime);
}

TEST_F(HostContext, FilesComeBeforeDirectories) {
  for (const char* name : {"d/z/1", "d/a/2", "d/m", "d/b", "d/zz"}) directory_.Write(name, "");
  const std::vector<std::string> entries = EntriesOf(PackPath("d", "d").tar);
  ASSERT_EQ(entries.size(), 8U);
  for (const size_t i : {1, 2, 3}) EXPECT_THAT(entries[i], HasSubstr("file d/")) << entries[i];
  EXPECT_THAT(entries[4], HasSubstr("directory d/"));
}

TEST_F(HostContext, AnyNameThatAFileCanHave) {
  const std::string deep = absl::StrCat(std::string(200, 'd'), "/", std::string(200, 'n'));
  for (const std::string& name : {std::string("\xc3\xbc n\xc3\xaf"), std::string("line\nbreak"),
                                  std::string("latin\xe9"), std::string("-dash"), std::string("quote\"'"), deep}) {
    SCOPED_TRACE(name);
    directory_.Write("names/" + name, "x");
    EXPECT_THAT(EntriesOf(PackPath("names", "names").tar), Contains("file names/" + name + ": x"));
  }
}

// Its target is not copied with it, and may be anywhere.
TEST_F(HostContext, ALinkStaysALinkAndCountsByItsText) {
  for (const std::string& target : {std::string("none"), std::string("/etc/passwd"), std::string("../../../etc/passwd"),
                                    std::string("sub"), std::string("sub/x"), std::string("link")}) {
    SCOPED_TRACE(target);
    directory_.Write("p/sub/x", "x");
    std::filesystem::remove(directory_.Path("p/link"));
    std::filesystem::create_symlink(target, directory_.Path("p/link"));
    const Packed packed = PackPath("p", "p");
    EXPECT_THAT(EntriesOf(packed.tar), Contains("link p/link -> " + target));
    std::filesystem::remove(directory_.Path("p/link"));
    std::filesystem::create_symlink(target + "2", directory_.Path("p/link"));
    EXPECT_NE(PackPath("p", "p").hash, packed.hash);
  }
}

TEST_F(HostContext, ALinkGivenAsTheContextIsFollowed) {
  MakeProject("proj");
  std::filesystem::create_symlink("proj", directory_.Path("link"));
  EXPECT_EQ(PackPath("link", "proj").hash, PackPath("proj", "proj").hash);
  std::filesystem::create_symlink("/etc", directory_.Path("out"));
  EXPECT_EQ(ErrorOf("out"), "PATH_NOT_ALLOWED");
}

TEST_F(HostContext, AnEmptyDirectoryIsAContext) {
  std::filesystem::create_directory(directory_.Path("empty"));
  const Packed packed = PackPath("empty", "e");
  EXPECT_THAT(EntriesOf(packed.tar), ElementsAre("directory e/"));
}

TEST_F(HostContext, RefusesFifosWithoutBlocking) {
  directory_.Write("p/a", "");
  ASSERT_EQ(::mkfifo(directory_.Path("p/fifo").c_str(), 0600), 0);
  EXPECT_EQ(ErrorOf("p"), "INVALID_REQUEST");
  EXPECT_EQ(ErrorOf("p/fifo"), "INVALID_REQUEST");
}

TEST_F(HostContext, NamesAFileThatItMayNotRead) {
  directory_.Write("p/a", "");
  ASSERT_EQ(::chmod(directory_.path().c_str(), 0755), 0);
  ASSERT_EQ(::chmod(directory_.Path("p/a").c_str(), 0), 0);
  const AsNobody nobody;
  const absl::Status status = PackPath("p", "p").status;
  EXPECT_EQ(ErrorReason(status), "PATH_NOT_READABLE");
  EXPECT_THAT(std::string(status.message()), HasSubstr("p/a"));
}

TEST_F(HostContext, ReportsMissingPathsAndPathsOutside) {
  EXPECT_EQ(ErrorOf("none"), "PATH_NOT_FOUND");
  EXPECT_EQ(ErrorOf("../etc"), "PATH_NOT_ALLOWED");
}

TEST_F(HostContext, ALargeFileComesInPieces) {
  directory_.Write("sparse", "");
  ASSERT_EQ(::truncate(directory_.Path("sparse").c_str(), (64 << 20) + 1), 0);
  const Packed packed = PackPath("sparse", "sparse");
  EXPECT_EQ(packed.tar.size(), (64 << 20) + 512 + 512 + 1024U);
  EXPECT_LE(packed.largest_piece, kStepBytes + 64 * 1024);
}

TEST_F(HostContext, NoticesAFileThatChangesWhileRead) {
  directory_.Write("p", std::string(4 << 20, 'x'));
  for (const int size : {1 << 20, 6 << 20}) {
    ASSERT_EQ(::truncate(directory_.Path("p").c_str(), 4 << 20), 0);
    const ContextSource source{"p", HostPath{directory_.Path("p")}};
    ContextPass pass(source, roots_, ContextPass::Makes::kHashAndTar);
    ASSERT_TRUE(pass.Next().ok());
    ASSERT_EQ(::truncate(directory_.Path("p").c_str(), size), 0);
    absl::StatusOr<ContextPass::Piece> piece;
    do {
      piece = pass.Next();
    } while (piece.ok() && !piece->last);
    EXPECT_EQ(ErrorReason(piece.status()), "CONTEXT_CHANGED") << size;
  }
}

TEST_F(HostContext, NoticesADirectoryThatDisappears) {
  directory_.Write("p/sub/a", "x");
  for (int i = 0; i < 400; ++i) directory_.Write("p/" + std::to_string(i), "x");  // more than one step
  const ContextSource source{"p", HostPath{directory_.Path("p")}};
  ContextPass pass(source, roots_, ContextPass::Makes::kHash);
  ASSERT_FALSE(pass.Next()->last);
  std::filesystem::remove_all(directory_.Path("p/sub"));
  std::filesystem::create_directory_symlink("/etc", directory_.Path("p/sub"));
  absl::StatusOr<ContextPass::Piece> piece;
  do {
    piece = pass.Next();
  } while (piece.ok() && !piece->last);
  EXPECT_EQ(ErrorReason(piece.status()), "CONTEXT_CHANGED");
}

TEST(TarWriter, CanBeAbandonedInTheMiddleOfAFile) {
  TarWriter writer("p");
  ContextEntry entry;
  entry.size = int64_t{1} << 40;
  ASSERT_TRUE(writer.OnEntry(entry).ok());
  ASSERT_TRUE(writer.OnData("begun").ok());
}

TEST(InlineContext, ATarAtTheBuildsRoot) {
  const std::string tar = TarDirectory("./") + TarFile("./a", "1") + TarEnd();
  const Packed packed = Pack({"", InlineTar{tar}});
  ASSERT_TRUE(packed.status.ok()) << packed.status;
  EXPECT_THAT(EntriesOf(packed.tar), ElementsAre("file a: 1"));
}

TEST(InlineContext, ATarWithDangerousEntriesIsRefused) {
  for (const std::string& entry : {TarFile("/etc/passwd", ""), TarFile("a/../../b", ""), TarEntry("a", '1', "", "b"),
                                   TarLink("a", "/etc") + TarFile("a/passwd", "")}) {
    EXPECT_EQ(ErrorReason(Pack({"p", InlineTar{entry + TarEnd()}}).status), "INVALID_REQUEST");
  }
  EXPECT_EQ(ErrorReason(Pack({"p", InlineTar{""}}).status), "INVALID_REQUEST");
}

}  // namespace
}  // namespace daytonad
