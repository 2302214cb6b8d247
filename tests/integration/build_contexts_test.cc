// Files of the daemon's host in images: from a --context-root, through a create, into the emulator's object storage.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <future>

#include "daemon/operations/build_context/testing/temporary_directory.h"
#include "tests/integration/context_upload.h"
#include "tests/integration/fixture.h"

namespace daytonad::testing {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr size_t kMiB = 1 << 20;

class BuildContextsTest : public IntegrationTest {
 protected:
  BuildContextsTest() {
    directory_.Write("root/a.txt", "A\n");
    directory_.Write("secret/key", "s3cret");
  }

  ProcessOptions daemon_options() override {
    ProcessOptions options = DaemonFor(emulator_->url());
    options.flags.insert(options.flags.end(), {"--context-root", Path("root")});
    return options;
  }
  void TearDown() override {
    EXPECT_TRUE(Eventually([this] { return control().Storage()["uploads"].empty(); })) << control().Storage().dump(1);
    EXPECT_EQ(control().Storage()["foreignCredentials"], 0);
  }

  std::string Path(const std::string& name) const { return directory_.Path(name); }

  // A sandbox from debian with this file or directory in it.
  static v1::CreateSandboxRequest WithFile(const std::string& path, const std::string& archive_path) {
    v1::CreateSandboxRequest request;
    v1::Image& image = *request.mutable_spec()->mutable_declarative_image();
    image.set_base_image("debian:12");
    v1::AddLocalFile& add = *image.add_steps()->mutable_add_local_file();
    add.mutable_file()->set_daemon_path(path);
    add.mutable_file()->set_archive_path(archive_path);
    add.set_remote_path("/srv/file");
    return request;
  }
  static v1::CreateSandboxRequest WithDirectory(const std::string& path, const std::string& archive_path) {
    v1::CreateSandboxRequest request;
    v1::Image& image = *request.mutable_spec()->mutable_declarative_image();
    image.set_base_image("debian:12");
    v1::AddLocalDir& add = *image.add_steps()->mutable_add_local_dir();
    add.mutable_directory()->set_daemon_path(path);
    add.mutable_directory()->set_archive_path(archive_path);
    add.set_remote_path("/srv");
    return request;
  }
  std::string Create(const v1::CreateSandboxRequest& request) {
    auto created = Call(sandboxes(), &v1::DaytonaService::Stub::CreateSandbox, request);
    if (created.error.has_value()) message_ = created.error->message;
    return Outcome(created.error);
  }
  nlohmann::json Objects() { return control().Storage()["objects"]; }

  TemporaryDirectory directory_;
  std::string message_;
};

TEST_F(BuildContextsTest, AFileIsUploadedOnceUnderItsHash) {
  ASSERT_EQ(Create(WithFile(Path("root/a.txt"), "proj/a.txt")), "OK") << message_;
  ASSERT_THAT(Objects(), SizeIs(1));
  EXPECT_THAT(std::string(Objects()[0]["key"]), EndsWith("/588dfc443731a8cab9e8083eebe9e423/context.tar"));

  control().ResetRequests();
  ASSERT_EQ(Create(WithFile(Path("root/a.txt"), "proj/a.txt")), "OK") << message_;
  EXPECT_EQ(control().CountRequests("HEAD", "/_storage"), 1);
  EXPECT_EQ(control().CountRequests("PUT", "/_storage") + control().CountRequests("POST", "/_storage"), 0);
}

TEST_F(BuildContextsTest, AStreamedUploadIsNamedByItsHash) {
  const std::string hash = HashOfFile("proj/a.txt", "A\n");
  v1::CreateSandboxRequest request;
  v1::Image& image = *request.mutable_spec()->mutable_declarative_image();
  image.set_base_image("debian:12");
  v1::AddLocalFile& add = *image.add_steps()->mutable_add_local_file();
  add.mutable_file()->set_context_hash(hash);
  add.mutable_file()->set_archive_path("proj/a.txt");
  add.set_remote_path("/srv/file");
  EXPECT_EQ(Create(request), "NOT_FOUND CONTEXT_NOT_FOUND");
  EXPECT_THAT(message_, HasSubstr(hash));
  EXPECT_EQ(control().CountRequests("POST", "/sandbox"), 0);

  const auto uploaded = UploadTar(builds(), UploadHeader("proj/a.txt", hash), FileTar("proj/a.txt", "A\n"));
  ASSERT_EQ(Outcome(uploaded.error), "OK");
  EXPECT_EQ(Create(request), "OK") << message_;
}

// Two trees for which the Python SDK has the same name, from callers unaware of each other.
TEST_F(BuildContextsTest, ACollidingTreeIsNotTakenForAnother) {
  directory_.Write("root/mine/a", "bcd");
  directory_.Write("root/theirs/ab", "cd");
  ASSERT_EQ(Create(WithDirectory(Path("root/theirs"), "p")), "OK") << message_;
  ASSERT_EQ(Create(WithDirectory(Path("root/mine"), "p")), "OK") << message_;
  ASSERT_THAT(Objects(), SizeIs(2));
  EXPECT_NE(Objects()[0]["key"], Objects()[1]["key"]);
}

TEST_F(BuildContextsTest, AFileTooLargeForAnyStorageIsRefusedBeforeItIsRead) {
  directory_.Write("root/p/sparse", "");
  std::filesystem::resize_file(Path("root/p/sparse"), uint64_t{1} << 42);
  EXPECT_EQ(Create(WithDirectory(Path("root/p"), "p")), "INVALID_ARGUMENT CONTEXT_TOO_LARGE");
  EXPECT_EQ(Create(WithFile(Path("root/p/sparse"), "p")), "INVALID_ARGUMENT CONTEXT_TOO_LARGE");
  EXPECT_THAT(Objects(), SizeIs(0));
}

TEST_F(BuildContextsTest, NothingOutsideTheRootsIsRead) {
  std::filesystem::create_directory_symlink("../secret", Path("root/up"));
  std::filesystem::create_directory_symlink(Path("secret"), Path("root/out"));
  std::filesystem::create_symlink("../secret/key", Path("root/key"));
  for (const std::string& path :
       {Path("secret/key"), Path("secret/none"), Path("root/../secret/key"), Path("root/up/key"), Path("root/out/key"),
        Path("root/key"), std::string("/etc/passwd"), std::string("/proc/self/environ")}) {
    EXPECT_EQ(Create(WithFile(path, "x")), "PERMISSION_DENIED PATH_NOT_ALLOWED") << path;
  }
  EXPECT_EQ(Create(WithDirectory(Path("root/up"), "x")), "PERMISSION_DENIED PATH_NOT_ALLOWED");
  EXPECT_EQ(Create(WithFile(Path("root/none"), "x")), "NOT_FOUND PATH_NOT_FOUND");
  EXPECT_THAT(Objects(), IsEmpty());

  // Inside a directory, links stay links.
  ASSERT_EQ(Create(WithDirectory(Path("root"), "ctx")), "OK") << message_;
  const std::string tar = control().StoredObject(Objects()[0]["key"]);
  EXPECT_EQ(tar.find("s3cret"), std::string::npos);
  EXPECT_NE(tar.find("../secret/key"), std::string::npos);
}

TEST_F(BuildContextsTest, AFifoIsRefusedWithoutBlocking) {
  ASSERT_EQ(::mkfifo(Path("root/fifo").c_str(), 0600), 0);
  EXPECT_EQ(Create(WithFile(Path("root/fifo"), "x")), "INVALID_ARGUMENT INVALID_REQUEST");
  EXPECT_EQ(Create(WithDirectory(Path("root"), "x")), "INVALID_ARGUMENT INVALID_REQUEST");
  EXPECT_THAT(Objects(), IsEmpty());
}

TEST_F(BuildContextsTest, AFailedUploadIsReportedAndCanBeRepeated) {
  directory_.Write("root/big", std::string(20 * kMiB, 'x'));
  const nlohmann::json writes = {{"method", "PUT"}, {"path_regex", "/_storage/.*"}};
  for (const auto& [fault, outcome] : std::vector<std::pair<nlohmann::json, std::string>>{
           {{{"status", 403}}, "PERMISSION_DENIED CONTEXT_STORE_REFUSED"},
           {{{"status", 500}}, "UNAVAILABLE CONTEXT_STORE_UNAVAILABLE"},
           {{{"cut_request_after_bytes", kMiB}}, "UNAVAILABLE CONTEXT_STORE_UNAVAILABLE"}}) {
    control().AddFault(writes, fault);
    // Retryable failures are retried until the call's deadline.
    v1::CreateSandboxRequest request = WithFile(Path("root/big"), "big");
    request.mutable_timeout()->set_seconds(8);
    EXPECT_EQ(Create(request), outcome);
    EXPECT_THAT(Objects(), IsEmpty());
    control().ClearFaults();
  }
  EXPECT_EQ(control().CountRequests("POST", "/api/sandbox"), 0);
  EXPECT_EQ(Create(WithFile(Path("root/big"), "big")), "OK") << message_;
}

TEST_F(BuildContextsTest, ACallerWhoLeavesEndsTheUpload) {
  directory_.Write("root/big", std::string(40 * kMiB, 'x'));
  control().AddFault({{"method", "PUT"}, {"path_regex", "/_storage/.*"}}, {{"delay_ms", 60'000}});
  grpc::ClientContext context;
  auto call = std::async(std::launch::async, [&] {
    v1::CreateSandboxResponse response;
    return sandboxes().CreateSandbox(&context, WithFile(Path("root/big"), "big"), &response).error_code();
  });
  ASSERT_TRUE(Eventually([this] { return !control().Storage()["uploads"].empty(); }));
  context.TryCancel();
  EXPECT_EQ(call.get(), grpc::StatusCode::CANCELLED);
  EXPECT_TRUE(Eventually([this] { return control().Storage()["uploads"].empty(); }));
  control().ClearFaults();
  EXPECT_EQ(Create(WithFile(Path("root/big"), "big")), "OK") << message_;
}

TEST_F(BuildContextsTest, AGibibyteCostsTheDaemonLittleMemory) {
  ASSERT_EQ(Create(WithFile(Path("root/a.txt"), "a.txt")), "OK") << message_;
  const long before = daemon_->resident_kib();
  directory_.Write("root/large", "");
  std::filesystem::resize_file(Path("root/large"), static_cast<uintmax_t>(LargeContextBytes()));  // sparse
  EXPECT_EQ(Create(WithFile(Path("root/large"), "large")), "OK") << message_;
  const long rise = daemon_->peak_resident_kib() - before;
  EXPECT_LT(rise, kLargeContextKib);
  RecordProperty("rise_kib", std::to_string(rise));
}

}  // namespace
}  // namespace daytonad::testing
