#include "daemon/operations/image/pyproject.h"

#include "absl/strings/match.h"
#include "daemon/base/absl_view.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace daytonad {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::string Error(std::string_view text) {
  return std::string(PyprojectDependencies(text, {"dev"}).status().message());
}

TEST(PyprojectTest, ReturnsTheDependenciesThenThoseOfTheRequestedGroups) {
  const char text[] =
      "[project]\ndependencies = [\"b\", 'a>=1']\n[project.optional-dependencies]\nx = [\"x\"]\ny = [\"\\u00e9\"]\n";
  EXPECT_THAT(*PyprojectDependencies(text, {}), ElementsAre("b", "a>=1"));
  EXPECT_THAT(*PyprojectDependencies(text, {"y", "none", "x"}), ElementsAre("b", "a>=1", "é", "x"));
}

TEST(PyprojectTest, ValuesThatAreNotListsOfStringsAreRefused) {
  EXPECT_THAT(Error("[project]\ndependencies = [1]"), HasSubstr("must be strings"));
  EXPECT_THAT(Error("[project]\ndependencies = []\noptional-dependencies.dev = \"x\""), HasSubstr("list of strings"));
  EXPECT_THAT(Error("[project]\ndependencies = []\noptional-dependencies.dev = [1]"), HasSubstr("list of strings"));
  EXPECT_THAT(Error("[[project]]\ndependencies = []"), HasSubstr("No [project] section"));
}

TEST(PyprojectTest, AnErrorNamesTheLine) {
  EXPECT_THAT(Error("[project]\nx = \n"), HasSubstr("Invalid pyproject.toml: line 2: "));
}

// toml++ takes these for impossible.
TEST(PyprojectTest, UnexpectedTextIsAnErrorNotACrash) {
  for (const char* text :
       {"[.project]", "[project.]", "x = \xD1\x9B", "x = [\"\"\xD1\x9B]", "\xC2\xA1 = 1", "[\xE2\x80\x90]"}) {
    EXPECT_THAT(Error(text), HasSubstr("Invalid pyproject.toml")) << text;
  }
}

}  // namespace
}  // namespace daytonad
