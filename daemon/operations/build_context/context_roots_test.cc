#include "daemon/operations/build_context/context_roots.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <string>

#include "daemon/base/absl_view.h"
#include "daemon/base/error.h"
#include "daemon/base/testing/no_descriptors.h"
#include "daemon/operations/build_context/testing/as_nobody.h"
#include "daemon/operations/build_context/testing/temporary_directory.h"

namespace daytonad {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

// A root, and a secret beside it.
class ContextRootsTest : public ::testing::Test {
 protected:
  ContextRootsTest() {
    directory_.Write("root/proj/a.txt", "A\n");
    directory_.Write("root/proj/sub/b.txt", "B");
    directory_.Write("secret/key", "s3cret");
    absl::StatusOr<ContextRoots> roots = ContextRoots::Open({Path("root")});
    EXPECT_TRUE(roots.ok()) << roots.status();
    roots_ = *std::move(roots);
  }

  std::string Path(const std::string& name) const { return directory_.Path(name); }
  void Link(const std::string& name, const std::string& target) const {
    std::filesystem::create_symlink(target, Path(name));
  }
  std::string Read(const std::string& path) const {
    const absl::StatusOr<std::string> content = roots_.ReadFile(path, 1000);
    return content.ok() ? *content : ErrorReason(content.status());
  }

  TemporaryDirectory directory_;
  ContextRoots roots_;
};

TEST_F(ContextRootsTest, OpensFilesBelow) {
  EXPECT_EQ(Read(Path("root/proj/a.txt")), "A\n");
  EXPECT_EQ(Read(Path("root//proj/./sub/../a.txt")), "A\n");
  EXPECT_EQ(*roots_.KindOf(Path("root/proj/a.txt")), HostFiles::Kind::kFile);
  EXPECT_EQ(*roots_.KindOf(Path("root/proj/")), HostFiles::Kind::kDirectory);
  EXPECT_EQ(*roots_.KindOf(Path("root")), HostFiles::Kind::kDirectory);
  EXPECT_THAT(*roots_.ListDirectory(Path("root/proj")), ElementsAre("a.txt", "sub"));
}

TEST_F(ContextRootsTest, TooFewDescriptorsAreARetryableError) {
  {
    const NoDescriptors no_more;
    EXPECT_EQ(Read(Path("root/proj/a.txt")), "DAEMON_EXHAUSTED");
  }
  EXPECT_EQ(Read(Path("root/proj/a.txt")), "A\n");
}

TEST_F(ContextRootsTest, OpensNothingElseAndHidesWhetherItExists) {
  Link("root/out", Path("secret"));
  Link("root/up", "../secret");
  Link("root/far", "/");
  Link("root/proj/link", "../../secret/key");
  for (const std::string& path :
       {Path("secret/key"), Path("secret/none"), Path("root/../secret/key"), Path("root/proj/../../secret/key"),
        Path("root/out/key"), Path("root/out/none"), Path("root/up/key"), Path("root/up/none"), Path("root/far"),
        Path("root/far/etc/passwd"), Path("root/proj/link"), Path("rootless"), Path(""), std::string("/"),
        std::string("/etc/passwd"), std::string("/proc/self/root/etc/passwd")}) {
    SCOPED_TRACE(path);
    EXPECT_EQ(ErrorReason(roots_.KindOf(path).status()), "PATH_NOT_ALLOWED");
    EXPECT_EQ(ErrorReason(roots_.ListDirectory(path).status()), "PATH_NOT_ALLOWED");
    const absl::Status read = roots_.ReadFile(path, 1000).status();
    EXPECT_EQ(ErrorReason(read), "PATH_NOT_ALLOWED");
    EXPECT_EQ(read.code(), absl::StatusCode::kPermissionDenied);
    // The same words for each.
    EXPECT_THAT(std::string(read.message()), HasSubstr("is not below a directory that the daemon's --context-root"));
  }
}

TEST_F(ContextRootsTest, FollowsLinksThatStayInside) {
  Link("root/proj/same", "a.txt");
  Link("root/proj/sub/up", "../../proj/a.txt");
  Link("root/dir", "proj");
  EXPECT_EQ(Read(Path("root/proj/same")), "A\n");
  EXPECT_EQ(Read(Path("root/proj/sub/up")), "A\n");
  EXPECT_EQ(Read(Path("root/dir/a.txt")), "A\n");
}

TEST_F(ContextRootsTest, AnyAbsoluteLinkLeadsOutside) {
  Link("root/absolute", Path("root/proj/a.txt"));
  EXPECT_EQ(Read(Path("root/absolute")), "PATH_NOT_ALLOWED");
}

TEST_F(ContextRootsTest, ALinkInProcLeadsOutside) {
  const absl::StatusOr<ContextRoots> all = ContextRoots::Open({"/"});
  ASSERT_TRUE(all.ok()) << all.status();
  EXPECT_EQ(ErrorReason(all->KindOf("/proc/self/cwd/x").status()), "PATH_NOT_ALLOWED");
  EXPECT_TRUE(all->KindOf("/etc/passwd").ok());
}

TEST_F(ContextRootsTest, CircularLinksLeadNowhere) {
  Link("root/a", "b");
  Link("root/b", "a");
  EXPECT_EQ(Read(Path("root/a")), "PATH_NOT_ALLOWED");
}

TEST_F(ContextRootsTest, ARootInsideAnotherDoesNotHideIt) {
  const absl::StatusOr<ContextRoots> roots = ContextRoots::Open({Path("root"), Path("root/proj/sub")});
  ASSERT_TRUE(roots.ok()) << roots.status();
  EXPECT_EQ(*roots->ReadFile(Path("root/proj/sub/../a.txt"), 10), "A\n");
  EXPECT_EQ(*roots->ReadFile(Path("root/proj/sub/b.txt"), 10), "B");
}

TEST_F(ContextRootsTest, ReportsMissingPathsAndWrongKinds) {
  EXPECT_EQ(Read(Path("root/none")), "PATH_NOT_FOUND");
  EXPECT_EQ(Read(Path("root/proj/a.txt/x")), "PATH_NOT_FOUND");
  EXPECT_EQ(Read(Path("root/proj")), "INVALID_REQUEST");
  EXPECT_EQ(ErrorReason(roots_.ListDirectory(Path("root/proj/a.txt")).status()), "INVALID_REQUEST");
  EXPECT_EQ(Read("proj/a.txt"), "INVALID_REQUEST");
  EXPECT_EQ(Read(""), "INVALID_REQUEST");
  EXPECT_EQ(Read(Path("root/proj/a.txt") + std::string("\0x", 2)), "INVALID_REQUEST");
  EXPECT_EQ(Read(Path("root/" + std::string(5000, 'x'))), "INVALID_REQUEST");
}

TEST_F(ContextRootsTest, RefusesAFileThatIsTooLong) {
  EXPECT_EQ(*roots_.ReadFile(Path("root/proj/a.txt"), 2), "A\n");
  EXPECT_EQ(ErrorReason(roots_.ReadFile(Path("root/proj/a.txt"), 1).status()), "INVALID_REQUEST");
}

TEST_F(ContextRootsTest, DoesNotBlockOnAFifoOrReadADevice) {
  ASSERT_EQ(::mkfifo(Path("root/fifo").c_str(), 0600), 0);
  EXPECT_EQ(Read(Path("root/fifo")), "INVALID_REQUEST");
  EXPECT_EQ(ErrorReason(roots_.KindOf(Path("root/fifo")).status()), "INVALID_REQUEST");
  const absl::StatusOr<ContextRoots> dev = ContextRoots::Open({"/dev"});
  ASSERT_TRUE(dev.ok()) << dev.status();
  EXPECT_EQ(ErrorReason(dev->ReadFile("/dev/zero", 10).status()), "INVALID_REQUEST");
}

TEST_F(ContextRootsTest, ReportsAnUnreadableFile) {
  ASSERT_EQ(::chmod(directory_.path().c_str(), 0755), 0);
  ASSERT_EQ(::chmod(Path("root/proj/a.txt").c_str(), 0), 0);
  const AsNobody nobody;
  EXPECT_EQ(Read(Path("root/proj/a.txt")), "PATH_NOT_READABLE");
}

TEST_F(ContextRootsTest, ARootStaysTheDirectoryOpenedAtTheStart) {
  std::filesystem::rename(Path("root"), Path("old"));
  std::filesystem::create_directory_symlink(Path("secret"), Path("root"));
  EXPECT_EQ(Read(Path("root/key")), "PATH_NOT_FOUND");
  EXPECT_EQ(Read(Path("root/proj/a.txt")), "A\n");
}

TEST(ContextRoots, NothingIsAllowedByDefault) {
  EXPECT_EQ(ErrorReason(ContextRoots().KindOf("/etc/passwd").status()), "PATH_NOT_ALLOWED");
}

TEST(ContextRoots, NamesAnUnusableRoot) {
  const TemporaryDirectory directory;
  directory.Write("file", "");
  const auto error = [](const std::string& root) { return std::string(ContextRoots::Open({root}).status().message()); };
  EXPECT_THAT(error("srv/ctx"), HasSubstr("\"srv/ctx\" is not an absolute path"));
  EXPECT_THAT(error(""), HasSubstr("\"\" is not an absolute path"));
  EXPECT_THAT(error("/srv/../etc"), HasSubstr("without .."));
  EXPECT_THAT(error(directory.Path("none")), HasSubstr("none: No such file"));
  EXPECT_THAT(error(directory.Path("file")), HasSubstr("file: Not a directory"));
}

}  // namespace
}  // namespace daytonad
