#include "daemon/operations/image/glob.h"

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "daemon/base/error.h"
#include "daemon/operations/image/testing/fake_host_files.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace daytonad {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(MatchesNameTest, MatchesLikeGosFilepathMatch) {
  struct Case {
    const char* pattern;
    const char* name;
    bool matches;
  };
  for (const Case& one : std::vector<Case>{{"abc", "abc", true},
                                           {"*", "abc", true},
                                           {"*c", "abc", true},
                                           {"a*", "a", true},
                                           {"a*b*c", "axxbyybc", true},
                                           {"a*b", "ac", false},
                                           {"?", "ä", true},
                                           {"??", "ä", false},
                                           {"[a-c]", "b", true},
                                           {"[^a-c]", "b", false},
                                           {"[^a-c]", "d", true},
                                           {"[ä-ü]", "ö", true},
                                           {"a[[]b", "a[b", true},
                                           {"a\\*b", "a*b", true},
                                           {"a\\*b", "axb", false},
                                           {"[a\\-c]", "-", true},
                                           {"[", "[", false},
                                           {"[a", "a", false},
                                           {"[]", "]", false},
                                           {"[-a]", "-", false},
                                           {"", "", true},
                                           {"", "a", false},
                                           {"*", "", true},
                                           {"*", ".hidden", true}}) {
    EXPECT_EQ(MatchesName(one.pattern, one.name), one.matches) << one.pattern << " " << one.name;
  }
}

TEST(MatchesNameTest, ManyStarsTakeNoMoreThanQuadraticTime) {
  std::string pattern;
  for (int i = 0; i < 200; ++i) pattern += "*a";
  EXPECT_FALSE(MatchesName(pattern + "b", std::string(2'000, 'a')));
}

class ExpandPatternTest : public testing::Test {
 protected:
  ExpandPatternTest() {
    for (const char* path : {"/src/a.txt", "/src/b.txt", "/src/.c.txt", "/src/d/e.txt", "/src/d/f/g.txt"}) {
      files_.AddFile(path, "");
    }
  }
  std::vector<std::string> Expand(std::string_view pattern) { return *ExpandPattern("/src", pattern, files_); }

  FakeHostFiles files_;
};

TEST_F(ExpandPatternTest, MatchesComponentByComponent) {
  EXPECT_THAT(Expand("*.txt"), ElementsAre(".c.txt", "a.txt", "b.txt"));
  EXPECT_THAT(Expand("*/?.txt"), ElementsAre("d/e.txt"));
  EXPECT_THAT(Expand("d/*"), ElementsAre("d/e.txt", "d/f"));
  EXPECT_THAT(Expand("*/f/g.txt"), ElementsAre("d/f/g.txt"));
  EXPECT_THAT(Expand("a.txt/*"), IsEmpty());
  EXPECT_THAT(Expand("x/*"), IsEmpty());
}

TEST_F(ExpandPatternTest, TwoStarsMatchAnyNumberOfDirectories) {
  EXPECT_THAT(Expand("**/?.txt"), ElementsAre("a.txt", "b.txt", "d/e.txt", "d/f/g.txt"));
  EXPECT_THAT(Expand("d/**"), ElementsAre("d/e.txt", "d/f"));
}

TEST_F(ExpandPatternTest, APlainPathMatchesItselfIfItExists) {
  EXPECT_THAT(Expand("d/f"), ElementsAre("d/f"));
  EXPECT_THAT(Expand("."), ElementsAre("."));
  EXPECT_THAT(Expand("d/x"), IsEmpty());
}

TEST_F(ExpandPatternTest, ADirectoryNotAllowedIsAnErrorNotAMismatch) {
  EXPECT_EQ(ErrorReason(ExpandPattern("/etc", "*", files_).status()), "PATH_NOT_ALLOWED");
  EXPECT_EQ(ErrorReason(ExpandPattern("/etc", "passwd", files_).status()), "PATH_NOT_ALLOWED");
}

TEST_F(ExpandPatternTest, ATooExpensivePatternIsRefused) {
  std::string path = "/src";
  for (int i = 0; i < 80; ++i) absl::StrAppend(&path, "/x");
  files_.AddFile(path, "");
  EXPECT_EQ(ErrorReason(ExpandPattern("/src", "**/none", files_).status()), "INVALID_REQUEST");
}

}  // namespace
}  // namespace daytonad
