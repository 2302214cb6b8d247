#include "daemon/operations/image/plan.h"

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "daemon/base/absl_view.h"
#include "daemon/base/error.h"
#include "daemon/operations/image/testing/fake_host_files.h"
#include "gmock/gmock.h"
#include "google/protobuf/text_format.h"
#include "google/rpc/error_details.pb.h"
#include "gtest/gtest.h"

namespace daytonad {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::MatchesRegex;
using ::testing::SizeIs;
using ::testing::StartsWith;

constexpr char kHash[] = "0123456789abcdef0123456789abcdef";

absl::StatusOr<BuildPlan> Plan(const std::string& text) {
  v1::Image image;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &image)) << text;
  FakeHostFiles files;
  files.AddFile("/src/a.txt", "A");
  files.AddFile("/src/Dockerfile.win", "# escape=`\nFROM x\n");
  files.AddFile("/src/Dockerfile.crlf", "FROM x\r\nCOPY a.txt \\\r\n  /a\r\r\nRUN cat <<EOF\r\nEOF\rUSER y");
  files.AddFile("/src/Dockerfile.latin1", "FROM x\r\n# caf\xE9\r\n");
  files.AddFile("/src/Dockerfile.utf16", std::string_view("\xFF\xFE"
                                                          "F\0R\0",
                                                          6));
  files.AddFile("/src/pyproject.crlf", "[project]\rdependencies = ['a']\r\n");
  files.AddFile("/src/pyproject.latin1", "[project]\n# \xE9\ndependencies = ['a']\n");
  files.AddDirectory("/src/dir");
  return PlanImage(image, "spec.image", files);
}

// The lines of one step on top of a plain base.
std::string Step(const std::string& step) {
  const absl::StatusOr<BuildPlan> plan = Plan(absl::StrCat("base_image: 'x' steps { ", step, " }"));
  if (!plan.ok()) return plan.status().ToString();
  EXPECT_THAT(plan->dockerfile, StartsWith("FROM x\n"));
  return plan->dockerfile.substr(7);
}

std::vector<std::string> Violations(const std::string& text) {
  const absl::Status status = Plan(text).status();
  EXPECT_EQ(ErrorReason(status), "INVALID_REQUEST") << status;
  google::rpc::BadRequest bad_request;
  if (const auto payload = status.GetPayload(kBadRequestUrl)) {
    bad_request.ParseFromString(std::string(*payload));
  }
  std::vector<std::string> fields;
  for (const auto& violation : bad_request.field_violations()) fields.push_back(violation.field());
  return fields;
}

std::string Refused(const std::string& step) {
  const std::vector<std::string> fields = Violations(absl::StrCat("base_image: 'x' steps { ", step, " }"));
  return fields.size() == 1 ? fields[0] : absl::StrCat(fields.size(), " violations");
}

TEST(PlanTest, StepsThatOnlyTheGoSdkHas) {
  EXPECT_EQ(Step("apt_get { packages: ['git', 'g++=4:12-1', 'libc6:i386'] }"),
            "RUN apt-get update && apt-get install -y git g++=4:12-1 libc6:i386 && rm -rf /var/lib/apt/lists/*\n");
  EXPECT_EQ(Step("user: 'a:1000'"), "USER a:1000\n");
  EXPECT_EQ(Step("copy { source: 's*' destination: '$HOME/d/' }"), "COPY s* $HOME/d/\n");
  EXPECT_EQ(Step("copy { source: 'a b' destination: '/d' }"), "COPY [\"a b\", \"/d\"]\n");
  EXPECT_EQ(Step("copy { source: '--from=x' destination: '/d' }"), "COPY [\"--from=x\", \"/d\"]\n");
  EXPECT_EQ(Step("add { source: 'https://e.com/x?y=1&z' destination: '/d' }"), "ADD https://e.com/x?y=1&z /d\n");
  EXPECT_EQ(Step("expose { ports: [80, 65535] }"), "EXPOSE 80 65535\n");
  EXPECT_EQ(Step("label { key: 'org.x/y' value: 'a b' }"), "LABEL org.x/y=\"a b\"\n");
  EXPECT_EQ(Step("label { key: 'k' value: '\"$A\\\\' }"), "LABEL k=\"\\\"\\$A\\\\\"\n");
  EXPECT_EQ(Step("volume { paths: ['/a', '/b c'] }"), "VOLUME [\"/a\", \"/b c\"]\n");
}

TEST(PlanTest, StepsThatDoNotFitOneLineAreRefused) {
  EXPECT_EQ(Refused("apt_get { packages: ['ok', 'a; rm -rf /'] }"), "spec.image.steps[0].apt_get.packages[1]");
  EXPECT_EQ(Refused("apt_get { packages: '-y' }"), "spec.image.steps[0].apt_get.packages[0]");
  EXPECT_EQ(Refused("apt_get {}"), "spec.image.steps[0].apt_get.packages");
  EXPECT_EQ(Refused("user: 'a\\nRUN x'"), "spec.image.steps[0].user");
  EXPECT_EQ(Refused("user: ''"), "spec.image.steps[0].user");
  EXPECT_EQ(Refused("copy { source: 'a' }"), "spec.image.steps[0].copy.destination");
  EXPECT_EQ(Refused("copy { source: 'a\\n' destination: '/' }"), "spec.image.steps[0].copy.source");
  EXPECT_EQ(Refused("add { source: 'a' destination: 'C:\\\\' }"), "spec.image.steps[0].add.destination");
  EXPECT_EQ(Refused("expose { ports: [1, 0] }"), "spec.image.steps[0].expose.ports[1]");
  EXPECT_EQ(Refused("expose { ports: 65536 }"), "spec.image.steps[0].expose.ports[0]");
  EXPECT_EQ(Refused("label { key: 'a b' value: 'x' }"), "spec.image.steps[0].label.key");
  EXPECT_EQ(Refused("label { key: 'a' value: 'x\\ny' }"), "spec.image.steps[0].label.value");
  EXPECT_EQ(Refused("volume { paths: 'a' }"), "spec.image.steps[0].volume.paths[0]");
  EXPECT_EQ(Refused("volume {}"), "spec.image.steps[0].volume.paths");
}

TEST(PlanTest, MissingFieldsAreRefused) {
  EXPECT_THAT(Violations(""), ElementsAre("spec.image"));
  EXPECT_THAT(Violations("base_image: ''"), ElementsAre("spec.image.base_image"));
  EXPECT_THAT(Violations("dockerfile {}"), ElementsAre("spec.image.dockerfile"));
  EXPECT_THAT(Violations("dockerfile { content: '' }"), ElementsAre("spec.image.dockerfile.content"));
  EXPECT_EQ(Refused(""), "spec.image.steps[0]");
  EXPECT_EQ(Refused("workdir: ''"), "spec.image.steps[0].workdir");
  EXPECT_EQ(Refused("run_commands {}"), "spec.image.steps[0].run_commands.commands");
  EXPECT_EQ(Refused("run_commands { commands {} }"), "spec.image.steps[0].run_commands.commands[0]");
  EXPECT_EQ(Refused("add_local_file { remote_path: '/x' }"), "spec.image.steps[0].add_local_file.file");
  EXPECT_EQ(Refused("add_local_file { file { content: 'x' } }"), "spec.image.steps[0].add_local_file.remote_path");
  EXPECT_EQ(Refused("add_local_dir { remote_path: '/x' }"), "spec.image.steps[0].add_local_dir.directory");
  EXPECT_EQ(Refused("pip_install_from_requirements {}"),
            "spec.image.steps[0].pip_install_from_requirements.requirements");
  EXPECT_EQ(Refused("pip_install_from_pyproject {}"), "spec.image.steps[0].pip_install_from_pyproject");
  EXPECT_EQ(Refused("dockerfile_commands { context_dir {} }"), "spec.image.steps[0].dockerfile_commands.context_dir");
}

TEST(PlanTest, AllErrorsAreReportedTogetherUpToALimit) {
  EXPECT_THAT(Violations("steps { user: '' } steps { workdir: '' } context_hashes: 'x'"),
              ElementsAre("spec.image", "spec.image.steps[0].user", "spec.image.steps[1].workdir",
                          "spec.image.context_hashes[0]"));
  std::string many;
  for (int i = 0; i < 100; ++i) absl::StrAppend(&many, "steps { user: '' } ");
  EXPECT_THAT(Violations(many), SizeIs(16));
}

TEST(PlanTest, ContentOfTheRequestIsAContextNamedByItsHash) {
  const auto plan = Plan(
      "base_image: 'x' steps { add_local_file { file { content: 'hi' } remote_path: '/a' } }"
      "steps { add_local_file { file { content: 'hi' archive_path: './b//c' } remote_path: '/d/' } }"
      "steps { pip_install_from_requirements { requirements { content: 'numpy' } } }"
      "steps { add_local_dir { directory { tar: 'tar' } remote_path: '/e' } }");
  ASSERT_TRUE(plan.ok()) << plan.status();
  ASSERT_THAT(plan->contexts, SizeIs(4));
  EXPECT_THAT(plan->contexts[0].archive_path, MatchesRegex("inline-file-[0-9a-f]{32}"));
  EXPECT_EQ(std::get<InlineFile>(plan->contexts[0].content).content, "hi");
  EXPECT_EQ(plan->contexts[1].archive_path, "b/c");
  EXPECT_NE(plan->contexts[2].archive_path, plan->contexts[0].archive_path);
  EXPECT_THAT(plan->contexts[3].archive_path, MatchesRegex("inline-dir-[0-9a-f]{32}"));
  EXPECT_EQ(std::get<InlineTar>(plan->contexts[3].content).tar, "tar");
  EXPECT_EQ(plan->dockerfile,
            absl::StrCat("FROM x\nCOPY [\"", plan->contexts[0].archive_path,
                         "\", \"/a\"]\nCOPY [\"b/c\", \"/d/c\"]\nCOPY ", plan->contexts[2].archive_path,
                         " /.requirements.txt\nRUN python -m pip install -r /.requirements.txt\nCOPY [\"",
                         plan->contexts[3].archive_path, "\", \"/e\"]\n"));
  // There is no name to add to a directory.
  EXPECT_EQ(Refused("add_local_file { file { content: 'hi' } remote_path: '/d/' }"),
            "spec.image.steps[0].add_local_file.remote_path");
}

TEST(PlanTest, UploadedContextsKeepTheirPlaceInTheImage) {
  const auto plan =
      Plan(absl::StrCat("base_image: 'x' context_hashes: 'ffffffffffffffffffffffffffffffff'"
                        "steps { add_local_file { file { context_hash: '",
                        kHash,
                        "' archive_path: 'a/b' } remote_path: '/c/' } }"
                        "steps { dockerfile_commands { commands: 'COPY x /y' context_dir { context_hash: '",
                        kHash, "' } } }"));
  ASSERT_TRUE(plan.ok()) << plan.status();
  EXPECT_EQ(plan->dockerfile, "FROM x\nCOPY [\"a/b\", \"/c/b\"]\nCOPY x /y\n");
  ASSERT_THAT(plan->contexts, SizeIs(3));
  EXPECT_EQ(std::get<UploadedContext>(plan->contexts[0].content).hash, kHash);
  EXPECT_EQ(plan->contexts[0].archive_path, "a/b");
  EXPECT_EQ(std::get<UploadedContext>(plan->contexts[2].content).hash, "ffffffffffffffffffffffffffffffff");
  EXPECT_EQ(Refused(absl::StrCat("add_local_file { file { context_hash: '", kHash, "' } remote_path: '/c' }")),
            "spec.image.steps[0].add_local_file.file.archive_path");
  EXPECT_EQ(Refused("add_local_file { file { context_hash: '../x' archive_path: 'a' } remote_path: '/c' }"),
            "spec.image.steps[0].add_local_file.file.context_hash");
}

TEST(PlanTest, ArchivePathsStayWithinTheContextAndAreUnambiguous) {
  for (const char* path : {"..", "../x", "a/../../x", "/", ".", "a\\\\b", "a\\nb"}) {
    EXPECT_EQ(
        Refused(absl::StrCat("add_local_file { file { content: 'x' archive_path: '", path, "' } remote_path: '/c' }")),
        "spec.image.steps[0].add_local_file.file.archive_path")
        << path;
  }
  const std::string first =
      "base_image: 'x' steps { add_local_file { file { content: 'x' archive_path: 'a' } remote_path: '/c' } }";
  EXPECT_TRUE(Plan(absl::StrCat(
                       first, "steps { add_local_file { file { content: 'x' archive_path: 'a' } remote_path: '/d' } }"))
                  .ok());
  EXPECT_THAT(Violations(absl::StrCat(
                  first, "steps { add_local_file { file { content: 'y' archive_path: 'a' } remote_path: '/d' } }")),
              ElementsAre("spec.image.steps[1].add_local_file.file"));
}

TEST(PlanTest, ATarAsContextDirectoryIsUnpackedAtTheRoot) {
  const auto plan =
      Plan("base_image: 'x' steps { dockerfile_commands { commands: 'COPY a /b' context_dir { tar: 't' } } }");
  ASSERT_TRUE(plan.ok()) << plan.status();
  ASSERT_THAT(plan->contexts, SizeIs(1));
  EXPECT_EQ(plan->contexts[0].archive_path, "");
}

TEST(PlanTest, HostPathsAreCheckedByTheDaemon) {
  const auto plan = [](const char* path) {
    return Plan(absl::StrCat("base_image: 'x' steps { add_local_file { file { daemon_path: '", path,
                             "' } remote_path: '/c' } }"));
  };
  EXPECT_TRUE(plan("/src/a.txt").ok());
  EXPECT_EQ(ErrorReason(plan("/etc/passwd").status()), "PATH_NOT_ALLOWED");
  EXPECT_THAT(std::string(plan("/etc/passwd").status().message()),
              StartsWith("spec.image.steps[0].add_local_file.file.daemon_path: "));
  EXPECT_EQ(ErrorReason(plan("/src/../etc/passwd").status()), "PATH_NOT_ALLOWED");
  EXPECT_EQ(plan("/src/missing").status().code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(ErrorReason(plan("/src/dir").status()), "INVALID_REQUEST");
  EXPECT_EQ(ErrorReason(plan("a.txt").status()), "INVALID_REQUEST");
}

TEST(PlanTest, TheEscapeCharacterOfTheDockerfileAppliesToTheSteps) {
  const auto plan = Plan(
      "dockerfile { daemon_path: '/src/Dockerfile.win' } steps { label { key: 'k' value: 'a\"`' } }"
      "steps { run_commands { commands { shell: 'a `\\n b' } commands { shell: 'dir C:\\\\' } } }"
      "steps { copy { source: 'it\\'s' destination: '/x' } }");
  ASSERT_TRUE(plan.ok()) << plan.status();
  EXPECT_EQ(plan->dockerfile,
            "# escape=`\nFROM x\nLABEL k=\"a`\"``\"\nRUN a `\n b\nRUN dir C:\\\nCOPY [\"it`'s\", \"/x\"]\n");
}

TEST(PlanTest, HostTextIsReadLikeInPython) {
  const auto plan = Plan("dockerfile { daemon_path: '/src/Dockerfile.crlf' } steps { workdir: '/w' }");
  ASSERT_TRUE(plan.ok()) << plan.status();
  EXPECT_EQ(plan->dockerfile, "FROM x\nCOPY a.txt \\\n  /a\n\nRUN cat <<EOF\nEOF\nUSER y\nWORKDIR /w\n");
  EXPECT_THAT(plan->contexts, SizeIs(1));
  EXPECT_EQ(Step("pip_install_from_pyproject { daemon_path: '/src/pyproject.crlf' }"), "RUN python -m pip install a\n");
}

TEST(PlanTest, HostTextMustBeUtf8) {
  const absl::Status status = Plan("dockerfile { daemon_path: '/src/Dockerfile.latin1' }").status();
  EXPECT_EQ(ErrorReason(status), "INVALID_REQUEST");
  EXPECT_THAT(std::string(status.message()),
              HasSubstr("spec.image.dockerfile.daemon_path: /src/Dockerfile.latin1 is not UTF-8: line 2 has the byte "
                        "0xe9. Save it as UTF-8."));
  EXPECT_THAT(Violations("dockerfile { daemon_path: '/src/Dockerfile.utf16' }"),
              ElementsAre("spec.image.dockerfile.daemon_path"));
  EXPECT_EQ(Refused("pip_install_from_pyproject { daemon_path: '/src/pyproject.latin1' }"),
            "spec.image.steps[0].pip_install_from_pyproject.daemon_path");
}

TEST(WithEntrypointTest, AddsTheWordsAsTheLastLine) {
  google::protobuf::RepeatedPtrField<std::string> words;
  *words.Add() = "sh";
  *words.Add() = "-c";
  EXPECT_EQ(*WithEntrypoint("FROM x", words, "spec.entrypoint"), "FROM x\nENTRYPOINT [\"sh\", \"-c\"]\n");
  EXPECT_EQ(*WithEntrypoint("FROM x\n", words, "spec.entrypoint"), "FROM x\nENTRYPOINT [\"sh\", \"-c\"]\n");
  EXPECT_THAT(std::string(WithEntrypoint("FROM x\nRUN a \\", words, "spec.entrypoint").status().message()),
              HasSubstr("ends inside an instruction"));
}

}  // namespace
}  // namespace daytonad
