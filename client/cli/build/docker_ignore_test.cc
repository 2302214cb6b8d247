#include "client/cli/build/docker_ignore.h"

#include <string>

#include <gtest/gtest.h>

namespace daytonad::cli {
namespace {

using client::Inclusion;

bool Ignores(const std::string& text, const std::string& path) {
  return DockerIgnore(text).Includes(path) != Inclusion::kTake;
}

TEST(DockerIgnore, AnEmptyOneLeavesNothingOut) {
  EXPECT_FALSE(Ignores("", "a"));
  EXPECT_FALSE(Ignores("# a\n\n   \n.\n/\n", "a"));
}

TEST(DockerIgnore, APatternIsForThePathAndAllBelow) {
  EXPECT_TRUE(Ignores("node_modules\n", "node_modules"));
  EXPECT_TRUE(Ignores("node_modules\r\n", "node_modules/a/b"));
  EXPECT_FALSE(Ignores("node_modules\n", "web/node_modules"));
  EXPECT_FALSE(Ignores("node_modules\n", "node_modules2"));
  for (const char* pattern : {"a/b", "/a/b", "./a/b", "a//b/", "  a/b  ", "a/x/../b"}) {
    EXPECT_TRUE(Ignores(pattern, "a/b/c")) << pattern;
    EXPECT_FALSE(Ignores(pattern, "a")) << pattern;
  }
}

TEST(DockerIgnore, WildcardsStayWithinAPartOfThePath) {
  EXPECT_TRUE(Ignores("*.pyc", "a.pyc"));
  EXPECT_FALSE(Ignores("*.pyc", "lib/a.pyc"));
  EXPECT_TRUE(Ignores("*/a.pyc", "lib/a.pyc"));
  EXPECT_TRUE(Ignores("*", ".git"));
  EXPECT_TRUE(Ignores("file[0-9]?", "file1x"));
  EXPECT_FALSE(Ignores("file[^0-9]", "file1"));
}

TEST(DockerIgnore, TwoStarsAreAnyNumberOfParts) {
  for (const char* path : {"a.pyc", "lib/a.pyc", "lib/x/y/a.pyc"}) EXPECT_TRUE(Ignores("**/*.pyc", path)) << path;
  EXPECT_TRUE(Ignores("a/**/z", "a/z"));
  EXPECT_TRUE(Ignores("a/**/z", "a/b/c/z/file"));
  EXPECT_TRUE(Ignores("a/**", "a/b"));
  EXPECT_FALSE(Ignores("a/**", "a"));
}

TEST(DockerIgnore, TheLastLineThatFitsDecides) {
  const std::string only_src = "*\n!src\nsrc/*.tmp\n";
  EXPECT_TRUE(Ignores(only_src, "README.md"));
  EXPECT_FALSE(Ignores(only_src, "src"));
  EXPECT_FALSE(Ignores(only_src, "src/a/b.c"));
  EXPECT_TRUE(Ignores(only_src, "src/b.tmp"));
}

TEST(DockerIgnore, ADirectoryIsReadIfAPatternMayReincludeItsFiles) {
  EXPECT_EQ(DockerIgnore("docs").Includes("docs"), Inclusion::kSkip);
  const DockerIgnore ignore("docs\n!docs/README.md\n");
  EXPECT_EQ(ignore.Includes("docs"), Inclusion::kSkipButLookInside);
  EXPECT_EQ(ignore.Includes("docs/README.md"), Inclusion::kTake);
  EXPECT_EQ(ignore.Includes("docs/a.md"), Inclusion::kSkipButLookInside);
}

}  // namespace
}  // namespace daytonad::cli
