// Requests that are too large or have too many parts, and long errors: callers get a proper error for both.
#include <grpcpp/create_channel.h>
#include <grpcpp/security/credentials.h>

#include <string>

#include "tests/integration/sandboxes_fixture.h"

namespace daytonad::testing {
namespace {

using ::testing::EndsWith;
using ::testing::Gt;
using ::testing::HasSubstr;
using ::testing::SizeIs;
using ::testing::StartsWith;

std::string Repeated(const std::string& text, int times) {
  std::string result;
  for (int i = 0; i < times; ++i) result += text;
  return result;
}

// A client with the default of gRPC's C core, which accepts 8 KiB of headers.
class RequestLimitsTest : public SandboxesTest {
 protected:
  ProcessOptions daemon_options() override {
    ProcessOptions options = SandboxesTest::daemon_options();
    options.flags.insert(options.flags.end(), {"--listen-read-only", "127.0.0.1:0"});
    return options;
  }
  void SetUp() override {
    SandboxesTest::SetUp();
    stub_ = StubAt(0);
    read_only_ = StubAt(1);
  }
  std::unique_ptr<Stub> StubAt(size_t listener) {
    return v1::DaytonaService::NewStub(
        grpc::CreateChannel(daemon_->addresses().at(listener), grpc::InsecureChannelCredentials()));
  }

  std::unique_ptr<Stub> stub_;
  std::unique_ptr<Stub> read_only_;
};

TEST_F(RequestLimitsTest, VeryManyLabelsAreRefusedByTheirField) {
  v1::CreateSandboxRequest create;
  v1::ListSandboxesRequest list;
  v1::FindSandboxRequest find;
  for (int i = 0; i < 50'000; ++i) {
    const std::string key = "key" + std::to_string(i);
    (*create.mutable_spec()->mutable_labels())[key] = "v";
    (*list.mutable_filter()->mutable_labels())[key] = "v";
    (*find.mutable_labels())[key] = "v";
  }
  const auto created = Call(*stub_, &Stub::CreateSandbox, create);
  EXPECT_EQ(Outcome(created.error), "INVALID_ARGUMENT INVALID_REQUEST");
  EXPECT_EQ(created.error->message, "spec.labels: has more than 1000 entries");
  for (Stub* stub : {stub_.get(), read_only_.get()}) {
    const auto listed = Call(*stub, &Stub::ListSandboxes, list);
    EXPECT_EQ(Outcome(listed.error), "INVALID_ARGUMENT INVALID_REQUEST");
    EXPECT_EQ(listed.error->message, "filter.labels: has more than 1000 entries");
    EXPECT_EQ(Outcome(Call(*stub, &Stub::FindSandbox, find).error), "INVALID_ARGUMENT INVALID_REQUEST");
  }
  EXPECT_THAT(control().Requests(), SizeIs(0)) << "nothing is sent";
}

TEST_F(RequestLimitsTest, AFilterTooLongForAUrlIsRefusedByItsField) {
  v1::ListSandboxesRequest list;
  for (int i = 0; i < 900; ++i) (*list.mutable_filter()->mutable_labels())["key" + std::to_string(i)] = "value";
  const auto listed = Call(*read_only_, &Stub::ListSandboxes, list);
  EXPECT_EQ(Outcome(listed.error), "INVALID_ARGUMENT INVALID_REQUEST");
  EXPECT_THAT(listed.error->message, StartsWith("filter: has "));
  v1::ListSandboxesRequest token;
  token.set_page_token(std::string(100'000, 'A'));
  EXPECT_THAT(Call(*read_only_, &Stub::ListSandboxes, token).error->message, StartsWith("page_token: has "));
  EXPECT_THAT(control().Requests(), SizeIs(0));
}

TEST_F(RequestLimitsTest, ARequestOfMegabytesIsTooLargeUnlessTheyAreFiles) {
  v1::CreateSandboxRequest create;
  create.mutable_spec()->set_dockerfile("FROM debian:12\n# " + std::string(2 << 20, 'x'));
  const auto created = Call(*stub_, &Stub::CreateSandbox, create);
  EXPECT_EQ(Outcome(created.error), "RESOURCE_EXHAUSTED REQUEST_TOO_LARGE");
  EXPECT_EQ(created.error->metadata.at("limit"), "524288");

  v1::CreateSandboxRequest with_file;
  v1::Image& image = *with_file.mutable_spec()->mutable_declarative_image();
  image.set_base_image("debian:12");
  v1::AddLocalFile& file = *image.add_steps()->mutable_add_local_file();
  file.mutable_file()->set_content(std::string(2 << 20, 'x'));
  file.mutable_file()->set_archive_path("a");
  file.set_remote_path("/a");
  EXPECT_EQ(Outcome(Call(*stub_, &Stub::CreateSandbox, with_file).error), "OK");
}

TEST_F(RequestLimitsTest, ALongNameIsRefusedAtCreateAsAtGet) {
  for (const std::string& name :
       {std::string("."), std::string(".."), std::string(100'000, 'n'), Repeated("\u4e2d", 30'000)}) {
    v1::CreateSandboxRequest create;
    create.mutable_spec()->set_name(name);
    v1::GetSandboxRequest get;
    get.set_sandbox(name);
    const auto created = Call(*stub_, &Stub::CreateSandbox, create);
    EXPECT_EQ(Outcome(created.error), "INVALID_ARGUMENT INVALID_REQUEST");
    ASSERT_THAT(created.error->violations, SizeIs(1));
    EXPECT_EQ(created.error->violations[0].field, "spec.name");
    EXPECT_EQ(Outcome(Call(*stub_, &Stub::GetSandbox, get).error), "INVALID_ARGUMENT INVALID_REQUEST");
  }
  EXPECT_THAT(control().Requests(), SizeIs(0));
}

TEST_F(RequestLimitsTest, ALongUpstreamReasonIsTruncated) {
  const v1::Sandbox sandbox = MakeSandbox();
  for (const std::string& reason : {std::string(65'536, 'e'), Repeated("\u4e2d", 20'000)}) {
    control().ForceSandbox(sandbox.id(), {{"state", "error"}, {"errorReason", reason}});
    v1::WaitSandboxRequest wait;
    wait.set_sandbox(sandbox.id());
    wait.add_states(v1::SANDBOX_STATE_STOPPED);
    const auto waited = Call(*stub_, &Stub::WaitSandbox, wait);
    EXPECT_EQ(Outcome(waited.error), "FAILED_PRECONDITION SANDBOX_FAILED");
    EXPECT_THAT(waited.error->message, EndsWith(" bytes more)"));
    EXPECT_THAT(waited.error->message, SizeIs(Gt(250U)));
    EXPECT_EQ(waited.error->metadata.at("sandbox_id"), sandbox.id());
  }
}

TEST_F(RequestLimitsTest, OfManyBadLabelsTheFirstAreListedAndAllCounted) {
  for (const int labels : {50, 1000}) {
    v1::CreateSandboxRequest create;
    for (int i = 0; i < labels; ++i) {
      (*create.mutable_spec()->mutable_labels())[Repeated("\u4e2d", 40) + std::to_string(i)] = "a\nb";
    }
    const auto created = Call(*stub_, &Stub::CreateSandbox, create);
    ASSERT_EQ(Outcome(created.error), "INVALID_ARGUMENT INVALID_REQUEST");
    EXPECT_EQ(created.error->metadata.at("violations"), std::to_string(labels));
    EXPECT_THAT(created.error->violations, SizeIs(Gt(0U)));
    EXPECT_THAT(created.error->violations[0].field, StartsWith("spec.labels["));
  }
}

TEST_F(RequestLimitsTest, ALongNameInAnErrorIsWhole) {
  const std::string name = Repeated("\u4e2d", 170);  // 510 bytes, of 512
  control().AddFault({{"method", "POST"}, {"path_regex", "/sandbox$"}},
                     {{"status", 400},
                      {"body",
                       {{"path", "/api/sandbox"},
                        {"timestamp", "2026-11-28T14:15:36.738Z"},
                        {"statusCode", 400},
                        {"error", "Bad Request"},
                        {"message", "The name " + name + " is not allowed. " + Repeated("\u6587", 3000)}}}});
  v1::CreateSandboxRequest create;
  create.mutable_spec()->set_name(name);
  create.set_request_id("an-id-of-its-own");
  const auto created = Call(*stub_, &Stub::CreateSandbox, create);
  EXPECT_EQ(Outcome(created.error), "INVALID_ARGUMENT UPSTREAM_BAD_REQUEST");
  EXPECT_EQ(created.error->metadata.at("sandbox_name"), name);
  EXPECT_EQ(created.error->metadata.at("request_id"), "an-id-of-its-own");
  EXPECT_THAT(created.error->message, HasSubstr("\u4e2d\u4e2d"));
}

}  // namespace
}  // namespace daytonad::testing
