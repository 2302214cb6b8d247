// Declarative images: what reaches upstream, and the files that come with them.
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "tests/integration/sandboxes_fixture.h"

namespace daytonad::testing {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::SizeIs;

// The names in an uncompressed tar whose names are short.
std::vector<std::string> TarNames(const std::string& tar) {
  std::vector<std::string> names;
  for (size_t at = 0; at + 512 <= tar.size() && tar[at] != '\0';) {
    names.emplace_back(tar.c_str() + at);
    const size_t size = std::strtoul(tar.substr(at + 124, 12).c_str(), nullptr, 8);
    at += 512 + (size + 511) / 512 * 512;
  }
  return names;
}

// A daemon that may read one of the test's directories.
class ImagesTest : public SandboxesTest {
 protected:
  void SetUp() override {
    std::string pattern = std::filesystem::temp_directory_path() / "daytonad-images-XXXXXX";
    base_ = ::mkdtemp(pattern.data());
    root_ = base_ / "open";
    std::filesystem::create_directory(root_);
    SandboxesTest::SetUp();
  }
  void TearDown() override { std::filesystem::remove_all(base_); }

  ProcessOptions daemon_options() override {
    ProcessOptions options = SandboxesTest::daemon_options();
    options.flags.push_back("--context-root=" + root_.string());
    return options;
  }

  // Writes a file below the allowed directory, and returns its path.
  std::string Write(const std::string& name, const std::string& content) const {
    const std::filesystem::path path = root_ / name;
    std::filesystem::create_directories(path.parent_path());
    std::ofstream(path, std::ios::binary) << content;
    return path;
  }

  client::Result<v1::CreateSandboxResponse> CreateFrom(const std::string& image) {
    return Create("spec { declarative_image { " + image + " } }");
  }
  std::string DockerfileOf(const std::string& image) {
    const auto created = CreateFrom(image);
    EXPECT_EQ(Outcome(created.error), "OK") << (created.error.has_value() ? created.error->message : "");
    return created.value.sandbox().build_info().dockerfile_content();
  }

  nlohmann::json Objects() { return control().Storage().at("objects"); }
  int Uploads() { return control().CountRequests("PUT", "context.tar"); }

  std::filesystem::path base_;
  std::filesystem::path root_;
};

TEST_F(ImagesTest, EveryStepIsALineOfTheDockerfile) {
  EXPECT_EQ(DockerfileOf(R"(base_image: "debian:12"
                            steps { pip_install { packages: ["c[extra]==2", "a>=1", "b"] options { pre: true } } }
                            steps { run_commands { commands { shell: "echo hi" } } }
                            steps { env { variables { name: "A" value: "it's" } } }
                            steps { workdir: "/srv" }
                            steps { entrypoint { words: ["sleep", "inf"] } }
                            steps { dockerfile_commands { commands: "USER root" } })"),
            "FROM debian:12\n"
            "RUN python -m pip install 'a>=1' b 'c[extra]==2' --pre\n"
            "RUN echo hi\n"
            "ENV A='it'\"'\"'s'\n"
            "WORKDIR /srv\n"
            "ENTRYPOINT [\"sleep\", \"inf\"]\n"
            "USER root\n");
  EXPECT_EQ(control().CountRequests("GET", "push-access"), 0);
}

TEST_F(ImagesTest, DebianSlimIsPython313UnlessOneIsNamed) {
  EXPECT_THAT(DockerfileOf("debian_slim {}"), HasSubstr("FROM python:3.13.3-slim-bookworm\n"));
  EXPECT_THAT(DockerfileOf("debian_slim { python_version: '3.11' }"), HasSubstr("FROM python:3.11.12-slim-bookworm\n"));
  EXPECT_EQ(Outcome(CreateFrom("debian_slim { python_version: '3.8' }").error), "INVALID_ARGUMENT INVALID_REQUEST");
}

TEST_F(ImagesTest, ABaseIsWhatFollowsFromOnOneLine) {
  EXPECT_EQ(DockerfileOf("base_image: '--platform=linux/amd64 debian:12 AS build'"),
            "FROM --platform=linux/amd64 debian:12 AS build\n");
  for (const char* const base : {"", " ", "debian:12\\nRUN evil", "debian:12\\t", "debian:12;id"}) {
    const auto created = CreateFrom(std::string("base_image: '") + base + "'");
    EXPECT_EQ(Outcome(created.error), "INVALID_ARGUMENT INVALID_REQUEST") << base;
    EXPECT_THAT(created.error->message, HasSubstr("spec.declarative_image.base_image"));
  }
}

TEST_F(ImagesTest, AFileOfTheDaemonsHostIsUploadedAndCopied) {
  const std::string path = Write("a.txt", "A\n");
  const auto created = CreateFrom("base_image: 'debian:12' steps { add_local_file { file { daemon_path: '" + path +
                                  "' archive_path: 'proj/a.txt' } remote_path: '/srv/' } }");
  ASSERT_EQ(Outcome(created.error), "OK") << created.error->message;
  const v1::BuildInfo& build = created.value.sandbox().build_info();
  EXPECT_EQ(build.dockerfile_content(), "FROM debian:12\nCOPY [\"proj/a.txt\", \"/srv/a.txt\"]\n");
  EXPECT_THAT(build.context_hashes(), ElementsAre("588dfc443731a8cab9e8083eebe9e423"));
  ASSERT_THAT(Objects(), SizeIs(1));
  const std::string key = Objects().at(0).at("key");
  EXPECT_THAT(key, HasSubstr("/588dfc443731a8cab9e8083eebe9e423/context.tar"));
  EXPECT_THAT(control().StoredObject(key), AllOf(HasSubstr("proj/a.txt"), HasSubstr("A\n")));
  EXPECT_EQ(control().Storage().at("foreignCredentials"), 0);
}

TEST_F(ImagesTest, StoredFilesAreNotUploadedAgain) {
  const std::string path = Write("a.txt", "A\n");
  const std::string image =
      "base_image: 'debian:12' steps { add_local_file { file { daemon_path: '" + path + "' } remote_path: '/srv/a' } }";
  ASSERT_EQ(Outcome(CreateFrom(image).error), "OK");
  EXPECT_EQ(Uploads(), 1);
  ASSERT_EQ(Outcome(CreateFrom(image).error), "OK");
  EXPECT_EQ(Uploads(), 1);
  Write("a.txt", "B\n");
  ASSERT_EQ(Outcome(CreateFrom(image).error), "OK");
  EXPECT_EQ(Uploads(), 2);
}

TEST_F(ImagesTest, FilesMayComeInTheMessage) {
  const auto created = CreateFrom(R"(base_image: "debian:12"
      steps { add_local_file { file { content: "hello" archive_path: "in/b.txt" } remote_path: "/b" } }
      steps { pip_install_from_requirements { requirements { content: "numpy==1.26\n" archive_path: "req.txt" } } }
      steps { pip_install_from_pyproject { content: "[project]\ndependencies = ['z', 'a>=1']\n" } })");
  ASSERT_EQ(Outcome(created.error), "OK") << created.error->message;
  const v1::BuildInfo& build = created.value.sandbox().build_info();
  EXPECT_EQ(build.dockerfile_content(),
            "FROM debian:12\n"
            "COPY [\"in/b.txt\", \"/b\"]\n"
            "COPY req.txt /.requirements.txt\nRUN python -m pip install -r /.requirements.txt\n"
            "RUN python -m pip install 'a>=1' z\n");
  ASSERT_EQ(build.context_hashes_size(), 2);
  EXPECT_EQ(build.context_hashes(1), "35c49d72c487a096a98ce891039d6929");
}

TEST_F(ImagesTest, ADirectoryAndADockerfileBringTheirFiles) {
  Write("app/main.py", "print(1)\n");
  Write("app/lib/util.py", "x = 1\n");
  Write("app/notes.md", "not copied\n");
  const std::string dockerfile = Write("app/Dockerfile", "FROM debian:12\nCOPY main.py \\\n     lib/*.py /srv/\n");
  const auto created =
      CreateFrom("dockerfile { daemon_path: '" + dockerfile + "' } steps { add_local_dir { directory { daemon_path: '" +
                 (root_ / "app" / "lib").string() + "' archive_path: 'lib' } remote_path: '/lib' } }");
  ASSERT_EQ(Outcome(created.error), "OK") << created.error->message;
  EXPECT_THAT(created.value.sandbox().build_info().dockerfile_content(),
              AllOf(HasSubstr("COPY main.py"), HasSubstr("COPY [\"lib\", \"/lib\"]\n")));
  EXPECT_EQ(created.value.sandbox().build_info().context_hashes_size(), 3);
  ASSERT_EQ(Objects().size(), 3U);
  for (const nlohmann::json& object : Objects()) {
    EXPECT_THAT(control().StoredObject(object.at("key")), Not(HasSubstr("not copied")));
  }
}

TEST_F(ImagesTest, ADockerfileOfTheDaemonsHostIsReadAsText) {
  const std::string dockerfile =
      Write("Dockerfile", "FROM debian:12\r\nRUN a \\\r\n  && b\rRUN cat <<EOF\r\nx\r\nEOF\r\n");
  EXPECT_EQ(DockerfileOf("dockerfile { daemon_path: '" + dockerfile + "' }"),
            "FROM debian:12\nRUN a \\\n  && b\nRUN cat <<EOF\nx\nEOF\n");
  const std::string latin1 = Write("Dockerfile.latin1", "FROM debian:12\n# caf\xE9\n");
  const auto created = CreateFrom("dockerfile { daemon_path: '" + latin1 + "' }");
  ASSERT_EQ(Outcome(created.error), "INVALID_ARGUMENT INVALID_REQUEST");
  EXPECT_THAT(created.error->message, HasSubstr("Dockerfile.latin1 is not UTF-8: line 2 has the byte 0xe9"));
}

TEST_F(ImagesTest, FilesCopiedByADockerfileAreHashedByTheirNormalPath) {
  Write("app/a.txt", "A\n");
  Write("app/dir/b.txt", "B\n");
  const std::string dockerfile = Write("app/Dockerfile", "FROM debian:12\nCOPY ./a.txt dir/ /srv/\n");
  const auto created = CreateFrom("dockerfile { daemon_path: '" + dockerfile + "' }");
  ASSERT_EQ(Outcome(created.error), "OK") << created.error->message;
  EXPECT_THAT(created.value.sandbox().build_info().context_hashes(),
              ElementsAre("8c6bcf0922cd4ca23ca12eb597734761", "5b0c4abb79645698b10dd9a983ce0796"));
  ASSERT_THAT(Objects(), SizeIs(2));
  std::vector<std::string> names;
  for (const nlohmann::json& object : Objects()) {
    for (std::string& name : TarNames(control().StoredObject(object.at("key")))) names.push_back(std::move(name));
  }
  EXPECT_THAT(names, ::testing::UnorderedElementsAre("a.txt", "dir/", "dir/b.txt"));
}

TEST_F(ImagesTest, AWholeDirectoryMayBeCopiedAsADot) {
  Write("app/main.py", "print(1)\n");
  const std::string dockerfile = Write("app/Dockerfile", "FROM debian:12\nCOPY . /srv/\n");
  const auto created = CreateFrom("dockerfile { daemon_path: '" + dockerfile + "' }");
  ASSERT_EQ(Outcome(created.error), "OK") << created.error->message;
  ASSERT_THAT(Objects(), SizeIs(1));
  // Unpacked at the root of the build, these make up the dot.
  EXPECT_THAT(TarNames(control().StoredObject(Objects().at(0).at("key"))),
              ::testing::IsSupersetOf({"./main.py", "./Dockerfile"}));
}

TEST_F(ImagesTest, ASnapshotsEntrypointEndsItsDockerfile) {
  const auto created =
      Call(snapshots(), &v1::SnapshotService::Stub::CreateSnapshot, Parse<v1::CreateSnapshotRequest>(R"(
      spec { name: "s" entrypoint: ["a", "b c"]
             declarative_image { base_image: "debian:12" steps { workdir: "/srv" } } })"));
  ASSERT_EQ(Outcome(created.error), "OK");
  EXPECT_EQ(created.value.snapshot().build_info().dockerfile_content(),
            "FROM debian:12\nWORKDIR /srv\nENTRYPOINT [\"a\", \"b c\"]\n");
}

TEST_F(ImagesTest, NothingOutsideTheOpenDirectoryCanBeRead) {
  std::ofstream(base_ / "secret") << "top secret";
  std::filesystem::create_symlink(base_ / "secret", root_ / "link");
  std::filesystem::create_directory_symlink(base_, root_ / "up");
  const std::string root = root_.string();
  for (const std::string& path : {root + "/../secret", root + "/link", root + "/up/secret",
                                  std::string("/etc/hostname"), std::string("/etc/none")}) {
    const auto created = CreateFrom("base_image: 'debian:12' steps { add_local_file { file { daemon_path: '" + path +
                                    "' } remote_path: '/x' } }");
    EXPECT_EQ(Outcome(created.error), "PERMISSION_DENIED PATH_NOT_ALLOWED") << path;
    EXPECT_THAT(created.error->message, Not(HasSubstr("top secret")));
  }
  EXPECT_EQ(Outcome(CreateFrom("dockerfile { daemon_path: '" + root + "/none' }").error), "NOT_FOUND PATH_NOT_FOUND");
  EXPECT_THAT(Objects(), SizeIs(0));
  EXPECT_EQ(control().CountRequests("POST", "/api/sandbox"), 0);
}

TEST_F(ImagesTest, AStepThatWouldBreakOutOfItsLineIsRefusedWithItsPlace) {
  const auto created = CreateFrom(R"(base_image: "debian:12" steps { workdir: "/a" }
                                     steps { env { variables { name: "A" value: "x\nRUN evil" } } })");
  EXPECT_EQ(Outcome(created.error), "INVALID_ARGUMENT INVALID_REQUEST");
  EXPECT_THAT(created.error->message, HasSubstr("spec.declarative_image.steps[1].env.variables[0].value"));
  EXPECT_THAT(DockerfileOf("base_image: 'debian:12' steps { pip_install { packages: 'a; touch /x' } }"),
              HasSubstr("RUN python -m pip install 'a; touch /x'\n"));
}

TEST_F(ImagesTest, AContextThatWasNeverUploadedIsReported) {
  const auto created = CreateFrom("base_image: 'debian:12' context_hashes: '3ca6cdf871a85ea07ac33693733306a4'");
  EXPECT_EQ(Outcome(created.error), "NOT_FOUND CONTEXT_NOT_FOUND");
}

TEST_F(ImagesTest, WithoutObjectStorageTheErrorSaysSo) {
  control().SetStorageConfigured(false);
  const auto created = CreateFrom(
      "base_image: 'debian:12' steps { add_local_file { file { content: 'x' archive_path: 'x' } remote_path: '/x' } }");
  EXPECT_EQ(Outcome(created.error), "FAILED_PRECONDITION NO_CONTEXT_STORE");
}

TEST_F(ImagesTest, AnUploadThatFailsLeavesNothingAndASecondTrySucceeds) {
  const std::string path = Write("a.txt", "A\n");
  const std::string image =
      "base_image: 'debian:12' steps { add_local_file { file { daemon_path: '" + path + "' } remote_path: '/srv/a' } }";
  control().AddFault({{"method", "PUT"}, {"path_regex", "context.tar"}},
                     {{"status", 403}, {"body", "<Error><Code>AccessDenied</Code></Error>"}});
  EXPECT_EQ(Outcome(CreateFrom(image).error), "PERMISSION_DENIED CONTEXT_STORE_REFUSED");
  control().ClearFaults();
  control().AddFault({{"method", "PUT"}, {"path_regex", "context.tar"}}, {{"drop", true}});
  // It is retried until the call's deadline.
  const auto created = Create("spec { declarative_image { " + image + " } } timeout { seconds: 3 }");
  EXPECT_EQ(Outcome(created.error), "UNAVAILABLE CONTEXT_STORE_UNAVAILABLE");
  EXPECT_THAT(Objects(), SizeIs(0));
  EXPECT_EQ(control().CountRequests("POST", "/api/sandbox"), 0);
  control().ClearFaults();
  EXPECT_EQ(Outcome(CreateFrom(image).error), "OK");
  EXPECT_THAT(Objects(), SizeIs(1));
}

// Row stopped-body-size.
TEST_F(ImagesTest, StoppedBodySizeIsReportedBeforeAnythingIsSent) {
  const auto created = CreateFrom("dockerfile { content: 'FROM debian:12\\n# " + std::string(102'400, 'x') + "' }");
  EXPECT_EQ(Outcome(created.error), "INVALID_ARGUMENT BODY_TOO_LARGE");
  EXPECT_EQ(created.error->metadata.at("limit"), "102400");
  EXPECT_EQ(control().Requests().size(), 0U);
}

// A repeated create with its request id does not build, hash and upload again.
TEST_F(ImagesTest, ARepeatedCallReadsNoFilesAgain) {
  const std::string path = Write("a.txt", "A\n");
  const std::string request =
      "request_id: 'r' spec { declarative_image { base_image: 'debian:12' steps { add_local_file "
      "{ file { daemon_path: '" +
      path + "' } remote_path: '/srv/a' } } } }";
  const auto first = Create(request);
  ASSERT_EQ(Outcome(first.error), "OK");
  std::filesystem::remove(path);
  const auto again = Create(request);
  ASSERT_EQ(Outcome(again.error), "OK");
  EXPECT_EQ(again.value.sandbox().id(), first.value.sandbox().id());
}

}  // namespace
}  // namespace daytonad::testing
