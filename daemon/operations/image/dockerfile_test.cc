#include "daemon/operations/image/dockerfile.h"

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace daytonad {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Optional;

// "KEYWORD arguments" of each.
std::vector<std::string> Instructions(const DockerfileText& text) {
  std::vector<std::string> instructions;
  for (const DockerfileInstruction& one : text.instructions) {
    instructions.push_back(absl::StrCat(one.keyword, " ", one.arguments));
  }
  return instructions;
}

std::vector<std::string> Instructions(std::string_view text) { return Instructions(ParseDockerfile(text)); }

TEST(DockerfileTest, KeywordsAreUpperCaseAndSpaceAroundIsDropped) {
  EXPECT_THAT(Instructions("  from x \n\n\tRun\t a  b \r\nUSER"), ElementsAre("FROM x", "RUN a  b", "USER "));
}

TEST(DockerfileTest, ContinuedLinesAreOneInstructionWithoutTheCommentsBetween) {
  const DockerfileText text = ParseDockerfile("FROM x\nRUN a \\\n  # no \\\n\n  b \\  \nc\nUSER d\n");
  EXPECT_THAT(Instructions(text), ElementsAre("FROM x", "RUN a   b c", "USER d"));
  EXPECT_EQ(text.instructions[1].line, 2);
  EXPECT_EQ(text.instructions[2].line, 7);
  EXPECT_FALSE(text.ends_open);
}

TEST(DockerfileTest, ADoubledEscapeDoesNotContinue) {
  EXPECT_THAT(Instructions("RUN a \\\\\nUSER b"), ElementsAre("RUN a \\\\", "USER b"));
}

TEST(DockerfileTest, TheEscapeDirectiveChoosesTheCharacter) {
  const DockerfileText text = ParseDockerfile("# syntax=x\n# escape = `\nFROM x\nRUN a `\n b\nUSER c\\\nUSER d");
  EXPECT_EQ(text.escape, '`');
  EXPECT_THAT(Instructions(text), ElementsAre("FROM x", "RUN a  b", "USER c\\", "USER d"));
}

TEST(DockerfileTest, AnEscapeDirectiveAfterAnyOtherLineIsAComment) {
  EXPECT_EQ(ParseDockerfile("# hello\n# escape=`\nFROM x").escape, '\\');
  EXPECT_EQ(ParseDockerfile("\n# escape=`\nFROM x").escape, '\\');
  EXPECT_EQ(ParseDockerfile("# unknown=x\n# escape=`\nFROM x").escape, '\\');
  EXPECT_EQ(ParseDockerfile("\xEF\xBB\xBF# escape=`\nFROM x").escape, '`');
}

TEST(DockerfileTest, HeredocBodiesAreNotInstructions) {
  EXPECT_THAT(Instructions("RUN <<A cat <<-'B C'\nCOPY x y\nA\n\t\tFROM z\n\tB C\nUSER d"),
              ElementsAre("RUN <<A cat <<-'B C'", "USER d"));
  EXPECT_THAT(Instructions("COPY <<EOF /x\nUSER y\nEOF \nEOF\nUSER z"), ElementsAre("COPY <<EOF /x", "USER z"));
  EXPECT_THAT(Instructions("ONBUILD RUN <<X\nUSER a\nX"), ElementsAre("ONBUILD RUN <<X"));
}

TEST(DockerfileTest, TextThatOnlyResemblesAHeredocIsNotOne) {
  for (const char* line : {"RUN echo '<<X'", "RUN cat<<X", "RUN echo $((1 << 2))", "RUN a \\<<X", "ENV A=b <<X",
                           R"(RUN ["cat", "<<X"])", "RUN echo ' <<X", "RUN echo ${ <<X", "RUN <<<X"}) {
    EXPECT_THAT(Instructions(absl::StrCat(line, "\nUSER x")), testing::SizeIs(2)) << line;
  }
}

TEST(DockerfileTest, TextThatEndsWithinAnInstructionIsOpen) {
  for (const char* text : {"RUN a \\", "RUN a \\\n", "RUN a \\\n# b\n\n", "RUN <<X\na\n", "COPY <<A <<B /x\nA\n"}) {
    EXPECT_TRUE(ParseDockerfile(text).ends_open) << text;
  }
  for (const char* text : {"", "RUN a", "RUN <<X\nX", "# a \\\n"})
    EXPECT_FALSE(ParseDockerfile(text).ends_open) << text;
}

TEST(DockerfileTest, FlagsAreSeparateFromTheArguments) {
  const DockerfileText text = ParseDockerfile("COPY --link --chown=1:1\t--x=\"a b\" -- s d\nRUN x --flag");
  EXPECT_THAT(text.instructions[0].flags, ElementsAre("--link", "--chown=1:1", "--x=\"a b\""));
  EXPECT_EQ(text.instructions[0].arguments, "-- s d");
  EXPECT_THAT(text.instructions[1].flags, IsEmpty());
}

TEST(JsonWordsTest, OnlyAListOfStringsIsAccepted) {
  EXPECT_THAT(ParseJsonWords(R"( ["a", "b\"]", "é"] trailing)"), Optional(ElementsAre("a", "b\"]", "é")));
  EXPECT_THAT(ParseJsonWords("[]"), Optional(IsEmpty()));
  for (const char* text : {"", "[", "[a]", "['a']", "[1]", "[[\"a\"]]", "\"a\"", "[\"a\"", "x [\"a\"]"}) {
    EXPECT_EQ(ParseJsonWords(text), std::nullopt) << text;
  }
}

}  // namespace
}  // namespace daytonad
