#include "daemon/operations/image/copy_sources.h"

#include <string>
#include <utility>
#include <vector>

#include "daemon/base/error.h"
#include "daemon/operations/image/testing/fake_host_files.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace daytonad {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Pair;

class CopySourcesTest : public testing::Test {
 protected:
  CopySourcesTest() {
    for (const char* path : {"/src/proj/a", "/src/proj/b", "/src/proj/sub/c", "/src/proj/a b", "/src/proj/it's",
                             "/src/proj/[x]", "/src/above"}) {
      files_.AddFile(path, "");
    }
  }

  // Host paths and archive paths.
  std::vector<std::pair<std::string, std::string>> Find(std::string_view text) {
    const absl::StatusOr<std::vector<ContextSource>> found = FindCopied(ParseDockerfile(text), "/src/proj", files_);
    EXPECT_TRUE(found.ok()) << found.status();
    std::vector<std::pair<std::string, std::string>> pairs;
    if (!found.ok()) return pairs;
    for (const ContextSource& source : *found) {
      pairs.emplace_back(std::get<HostPath>(source.content).path, source.archive_path);
    }
    return pairs;
  }
  std::vector<std::string> Names(std::string_view text) {
    std::vector<std::string> names;
    for (auto& [path, name] : Find(text)) names.push_back(name);
    return names;
  }
  std::string Error(std::string_view text) {
    return std::string(FindCopied(ParseDockerfile(text), "/src/proj", files_).status().message());
  }

  FakeHostFiles files_;
};

TEST_F(CopySourcesTest, SourcesAreThoseOfCopyAndAddInTheirOrder) {
  EXPECT_THAT(Find("COPY b a /x\nADD sub/ /y"),
              ElementsAre(Pair("/src/proj/b", "b"), Pair("/src/proj/a", "a"), Pair("/src/proj/sub", "sub")));
}

TEST_F(CopySourcesTest, OtherInstructionsHaveNoSources) {
  EXPECT_THAT(
      Names("RUN cp missing x\nENV COPY=missing\nCOPY --from=x missing /\nONBUILD COPY missing /\n# COPY missing /"),
      IsEmpty());
}

TEST_F(CopySourcesTest, FlagsAreNotSources) {
  EXPECT_THAT(Names("COPY --link --chown=1:1 --chmod=644 --parents --exclude=*.md a b /x"), ElementsAre("a", "b"));
}

TEST_F(CopySourcesTest, QuotesAndEscapesAreRead) {
  EXPECT_THAT(Names("COPY [\"a b\", \"it\\\\'s\", \"/x\"]\nCOPY 'a' \"b\" it\\'s [[]x] /x"),
              ElementsAre("a b", "it's", "a", "b", "it's", "[x]"));
  EXPECT_THAT(Names("# escape=`\nCOPY it`'s `\n a /x"), ElementsAre("it's", "a"));
}

TEST_F(CopySourcesTest, HeredocsAndUrlsAreNotSources) {
  EXPECT_THAT(Names("COPY <<X a <<\"Y\" /x\nCOPY missing /\nX\nY\nADD https://e.com/x git@github.com:x/y.git b /x"),
              ElementsAre("a", "b"));
}

TEST_F(CopySourcesTest, PathsAreRelativeToTheContext) {
  EXPECT_THAT(Find("COPY /a ./sub//c sub/../b . /x"),
              ElementsAre(Pair("/src/proj/a", "a"), Pair("/src/proj/sub/c", "sub/c"), Pair("/src/proj/b", "b"),
                          Pair("/src/proj", ".")));
  EXPECT_THAT(Find("COPY /src/proj/a /x"), ElementsAre(Pair("/src/proj/a", "src/proj/a")));
}

TEST_F(CopySourcesTest, MissingSourcesAreNamedWithTheirLine) {
  EXPECT_THAT(Error("FROM x\n\nCOPY a missing /x"),
              HasSubstr("line 3: COPY source \"missing\" does not exist in the context directory"));
  EXPECT_THAT(Error("ADD *.x /x"), HasSubstr("line 1: ADD source \"*.x\" matches nothing"));
  EXPECT_THAT(Error("COPY ../above /x"), HasSubstr("is outside of the context directory"));
  EXPECT_THAT(Error("COPY $A /x"), HasSubstr("uses a variable"));
  EXPECT_THAT(Error("COPY \"${A}b\" /x"), HasSubstr("uses a variable"));
  EXPECT_THAT(Error("COPY \"a b\" /x"), HasSubstr("has an open quote"));
  EXPECT_THAT(Error("COPY a"), HasSubstr("needs a source and a destination"));
  EXPECT_THAT(Error("COPY [\"\", \"/x\"]"), HasSubstr("is empty"));
}

TEST_F(CopySourcesTest, PathsNotAllowedHaveTheirOwnError) {
  const auto found = FindCopied(ParseDockerfile("COPY passwd /x"), "/etc", files_);
  EXPECT_EQ(ErrorReason(found.status()), "PATH_NOT_ALLOWED");
}

}  // namespace
}  // namespace daytonad
