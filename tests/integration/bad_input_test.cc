// Bad input is refused with the wrong fields named, and is not sent upstream.
#include <google/protobuf/descriptor.h>
#include <grpcpp/create_channel.h>
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/security/credentials.h>

#include <future>
#include <string>
#include <vector>

#include "tests/integration/fixture.h"

namespace daytonad::testing {
namespace {

using ::testing::ElementsAre;
using Sandboxes = v1::DaytonaService::Stub;
using Snapshots = v1::SnapshotService::Stub;
using Volumes = v1::VolumeService::Stub;

class BadInputTest : public IntegrationTest {
 protected:
  void TearDown() override {
    EXPECT_EQ(control().Requests().size(), 0U) << "nothing is sent";
    EXPECT_EQ(Health(""), "SERVING");
    IntegrationTest::TearDown();
  }

  // The fields reported as wrong, or how the call ended otherwise.
  template <typename Stub, typename Request, typename Response>
  std::vector<std::string> Wrong(Stub& stub,
                                 grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&, Response*),
                                 const std::string& request) {
    return Fields(Call(stub, method, Parse<Request>(request)).error);
  }
  template <typename Stub, typename Request, typename Response>
  std::vector<std::string> Wrong(Stub& stub,
                                 std::unique_ptr<grpc::ClientReader<Response>> (Stub::*method)(grpc::ClientContext*,
                                                                                               const Request&),
                                 const std::string& request) {
    return Fields(ReadAll(stub, method, Parse<Request>(request)).error);
  }
  std::vector<std::string> WrongSpec(const std::string& spec) {
    return Wrong(sandboxes(), &Sandboxes::CreateSandbox, "spec { " + spec + " }");
  }
  std::vector<std::string> WrongSnapshot(const std::string& spec) {
    return Wrong(snapshots(), &Snapshots::CreateSnapshot, "spec { " + spec + " }");
  }

  // Sends these bytes as the request of "/package.Service/Method".
  std::string SendRaw(const std::string& method, const std::string& bytes) {
    grpc::GenericStub stub(client_->channel());
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(100));
    const grpc::Slice slice(bytes);
    const grpc::ByteBuffer request(&slice, 1);
    grpc::ByteBuffer response;
    std::promise<grpc::Status> ended;
    stub.UnaryCall(&context, method, grpc::StubOptions(), &request, &response,
                   [&ended](grpc::Status status) { ended.set_value(std::move(status)); });
    const grpc::Status status = ended.get_future().get();
    if (status.ok()) return "OK";
    return Outcome(client::ErrorFrom(status));
  }

 private:
  static std::vector<std::string> Fields(const std::optional<client::Error>& error) {
    if (Outcome(error) != "INVALID_ARGUMENT INVALID_REQUEST") return {Outcome(error)};
    std::vector<std::string> fields;
    for (const client::Error::FieldViolation& violation : error->violations) {
      EXPECT_FALSE(violation.description.empty());
      fields.push_back(violation.field);
    }
    return fields;
  }
};

// All RPCs. A client stream can consist of one message.
std::vector<std::string> EveryMethod() {
  std::vector<std::string> methods;
  for (const char* name : {"DaytonaService", "SnapshotService", "VolumeService", "BuildService", "DaemonService"}) {
    const auto* service =
        google::protobuf::DescriptorPool::generated_pool()->FindServiceByName(std::string("daytonad.v1.") + name);
    for (int i = 0; i < service->method_count(); ++i) {
      methods.push_back("/" + service->full_name() + "/" + service->method(i)->name());
    }
  }
  return methods;
}

TEST_F(BadInputTest, AMessageThatDoesNotParse) {
  for (const std::string& method : EveryMethod()) {
    // A field longer than the message, and a tag that never ends.
    EXPECT_EQ(SendRaw(method, "\x0a\x7f"), "INVALID_ARGUMENT UNPARSABLE_REQUEST") << method;
    EXPECT_EQ(SendRaw(method, std::string(20, '\xff')), "INVALID_ARGUMENT UNPARSABLE_REQUEST") << method;
  }
}

TEST_F(BadInputTest, TextThatIsNotUtf8) {
  const std::string expected = "INVALID_ARGUMENT UNPARSABLE_REQUEST";
  // Field 1 of these is a string.
  for (const char* method : {"/daytonad.v1.DaytonaService/GetSandbox", "/daytonad.v1.DaytonaService/StopSandbox",
                             "/daytonad.v1.DaytonaService/WatchSandbox", "/daytonad.v1.SnapshotService/GetSnapshot",
                             "/daytonad.v1.BuildService/StreamBuildLogs", "/daytonad.v1.VolumeService/CreateVolume"}) {
    EXPECT_EQ(SendRaw(method, "\x0a\x01\xc3"), expected) << method;
    EXPECT_EQ(SendRaw(method, "\x0a\x03\xed\xa0\x80"), expected) << method << ": a surrogate";
  }
  // And inside a message: the name in the spec.
  EXPECT_EQ(SendRaw("/daytonad.v1.DaytonaService/CreateSandbox", "\x0a\x03\x0a\x01\xc3"), expected);
  EXPECT_EQ(SendRaw("/daytonad.v1.SnapshotService/CreateSnapshotStream", "\x0a\x03\x0a\x01\xc3"), expected);
}

// gRPC refuses requests above --max-request; the daemon refuses smaller ones that are too large for their kind.
TEST_F(BadInputTest, FourMegabyteCapIsReportedAndSmallerRequestsAreRefusedWithAReason) {
  // Otherwise the client library would refuse it.
  grpc::ChannelArguments no_limit;
  no_limit.SetMaxSendMessageSize(-1);
  const auto stub = v1::DaytonaService::NewStub(
      grpc::CreateCustomChannel(daemon_->addresses().front(), grpc::InsecureChannelCredentials(), no_limit));
  v1::GetSandboxRequest request;
  request.set_sandbox(std::string(std::size_t{5} << 20, 'x'));
  const auto got = Call(*stub, &Sandboxes::GetSandbox, request);
  ASSERT_FALSE(got.ok());
  EXPECT_EQ(got.error->code, grpc::StatusCode::RESOURCE_EXHAUSTED);
  request.set_sandbox(std::string(std::size_t{3} << 20, 'x'));
  EXPECT_EQ(Outcome(Call(*stub, &Sandboxes::GetSandbox, request).error), "RESOURCE_EXHAUSTED REQUEST_TOO_LARGE");
  request.set_sandbox(std::string(100'000, 'x'));
  EXPECT_EQ(Outcome(Call(*stub, &Sandboxes::GetSandbox, request).error), "INVALID_ARGUMENT INVALID_REQUEST");
}

TEST_F(BadInputTest, StoppedBodySizeIsReportedBeforeAnythingIsSent) {
  const std::string dockerfile = "FROM debian:12\n# " + std::string(102'400, 'x') + "\n";
  v1::CreateSandboxRequest sandbox;
  sandbox.mutable_spec()->set_dockerfile(dockerfile);
  v1::CreateSnapshotRequest snapshot;
  snapshot.mutable_spec()->set_name("s");
  snapshot.mutable_spec()->set_dockerfile(dockerfile);
  for (const auto& error : {Call(sandboxes(), &Sandboxes::CreateSandbox, sandbox).error,
                            Call(snapshots(), &Snapshots::CreateSnapshot, snapshot).error}) {
    ASSERT_EQ(Outcome(error), "INVALID_ARGUMENT BODY_TOO_LARGE");
    EXPECT_EQ(error->metadata.at("limit"), "102400");
  }
}

TEST_F(BadInputTest, NoObjectNamed) {
  for (const std::string object : {"''", "'a\\nb'", "'..'", "'\\001'", "' '", "'\\t '", "'\\u00a0\\u3000'"}) {
    const auto sandbox = ElementsAre("sandbox");
    const std::string named = "sandbox: " + object + " ";
    EXPECT_THAT(Wrong(sandboxes(), &Sandboxes::GetSandbox, named), sandbox);
    EXPECT_THAT(Wrong(sandboxes(), &Sandboxes::FindSandbox, named), sandbox);
    EXPECT_THAT(Wrong(sandboxes(), &Sandboxes::StartSandbox, named), sandbox);
    EXPECT_THAT(Wrong(sandboxes(), &Sandboxes::StopSandbox, named), sandbox);
    EXPECT_THAT(Wrong(sandboxes(), &Sandboxes::DeleteSandbox, named), sandbox);
    EXPECT_THAT(Wrong(sandboxes(), &Sandboxes::WaitSandbox, named + "states: SANDBOX_STATE_STARTED"), sandbox);
    EXPECT_THAT(Wrong(sandboxes(), &Sandboxes::WatchSandbox, named), sandbox);
    EXPECT_THAT(Wrong(builds(), &v1::BuildService::Stub::StreamBuildLogs, named), sandbox);

    const auto snapshot = ElementsAre("snapshot");
    const std::string of_snapshot = "snapshot: " + object;
    EXPECT_THAT(Wrong(snapshots(), &Snapshots::GetSnapshot, of_snapshot), snapshot);
    EXPECT_THAT(Wrong(snapshots(), &Snapshots::ActivateSnapshot, of_snapshot), snapshot);
    EXPECT_THAT(Wrong(snapshots(), &Snapshots::DeactivateSnapshot, of_snapshot), snapshot);
    EXPECT_THAT(Wrong(snapshots(), &Snapshots::DeleteSnapshot, of_snapshot), snapshot);
    EXPECT_THAT(Wrong(snapshots(), &Snapshots::WatchSnapshot, of_snapshot), snapshot);
    EXPECT_THAT(Wrong(builds(), &v1::BuildService::Stub::StreamBuildLogs, of_snapshot), snapshot);

    const auto volume = ElementsAre("volume");
    const std::string of_volume = "volume: " + object;
    EXPECT_THAT(Wrong(volumes(), &Volumes::GetVolume, of_volume), volume);
    EXPECT_THAT(Wrong(volumes(), &Volumes::GetVolume, of_volume + " create_if_missing: true"), volume);
    EXPECT_THAT(Wrong(volumes(), &Volumes::DeleteVolume, of_volume), volume);
    EXPECT_THAT(Wrong(volumes(), &Volumes::WatchVolume, of_volume), volume);
  }
}

TEST_F(BadInputTest, NothingToFindToWaitForOrToRead) {
  EXPECT_THAT(Wrong(sandboxes(), &Sandboxes::FindSandbox, ""), ElementsAre("sandbox"));
  EXPECT_THAT(Wrong(sandboxes(), &Sandboxes::FindSandbox, "labels { key: '' value: 'x' }"),
              ElementsAre("labels[\"\"]"));
  EXPECT_THAT(Wrong(sandboxes(), &Sandboxes::WaitSandbox, "sandbox: 'x'"), ElementsAre("states"));
  EXPECT_THAT(Wrong(sandboxes(), &Sandboxes::WaitSandbox, "sandbox: 'x' states: 0"), ElementsAre("states"));
  EXPECT_THAT(Wrong(sandboxes(), &Sandboxes::WaitSandbox, "sandbox: 'x' states: 99"), ElementsAre("states"));
  EXPECT_THAT(Wrong(sandboxes(), &Sandboxes::WaitSandbox, "sandbox: 'x' state_texts: ''"),
              ElementsAre("state_texts[0]"));
  EXPECT_THAT(Wrong(builds(), &v1::BuildService::Stub::StreamBuildLogs, ""), ElementsAre("target"));
}

TEST_F(BadInputTest, NegativeTimesAndOffsets) {
  const std::string timeout = " timeout { seconds: -1 }";
  const auto field = ElementsAre("timeout");
  EXPECT_THAT(Wrong(sandboxes(), &Sandboxes::CreateSandbox, timeout), field);
  EXPECT_THAT(Wrong(sandboxes(), &Sandboxes::CreateSandboxStream, timeout), field);
  EXPECT_THAT(Wrong(sandboxes(), &Sandboxes::StartSandbox, "sandbox: 'x'" + timeout), field);
  EXPECT_THAT(Wrong(sandboxes(), &Sandboxes::StopSandbox, "sandbox: 'x'" + timeout), field);
  EXPECT_THAT(Wrong(sandboxes(), &Sandboxes::DeleteSandbox, "sandbox: 'x'" + timeout), field);
  EXPECT_THAT(Wrong(sandboxes(), &Sandboxes::WaitSandbox, "sandbox: 'x' states: 5" + timeout), field);
  EXPECT_THAT(Wrong(snapshots(), &Snapshots::CreateSnapshot, "spec { name: 's' image: 'a:1' }" + timeout), field);
  EXPECT_THAT(Wrong(snapshots(), &Snapshots::DeleteSnapshot, "snapshot: 's'" + timeout), field);
  EXPECT_THAT(Wrong(volumes(), &Volumes::CreateVolume, "name: 'v'" + timeout), field);
  EXPECT_THAT(Wrong(volumes(), &Volumes::DeleteVolume, "volume: 'v' timeout { nanos: -1 }"), field);

  const auto age = ElementsAre("max_age");
  EXPECT_THAT(Wrong(sandboxes(), &Sandboxes::GetSandbox, "sandbox: 'x' max_age { seconds: -1 }"), age);
  EXPECT_THAT(Wrong(sandboxes(), &Sandboxes::ListSandboxes, "max_age { seconds: -1 }"), age);
  EXPECT_THAT(Wrong(snapshots(), &Snapshots::GetSnapshot, "snapshot: 'x' max_age { seconds: -1 }"), age);
  EXPECT_THAT(Wrong(volumes(), &Volumes::GetVolume, "volume: 'x' max_age { seconds: -1 }"), age);

  EXPECT_THAT(Wrong(sandboxes(), &Sandboxes::CreateSandboxStream, "log_offset: -1"), ElementsAre("log_offset"));
  EXPECT_THAT(Wrong(snapshots(), &Snapshots::CreateSnapshotStream, "spec { name: 's' image: 'a:1' } log_offset: -1"),
              ElementsAre("log_offset"));
  EXPECT_THAT(Wrong(builds(), &v1::BuildService::Stub::StreamBuildLogs, "snapshot: 's' offset: -1"),
              ElementsAre("offset"));
}

TEST_F(BadInputTest, NanosOutOfRange) {
  for (const std::string time : {"nanos: 1000000000", "seconds: 5 nanos: -1", "seconds: 1 nanos: 2000000000"}) {
    const std::string timeout = " timeout { " + time + " }";
    EXPECT_THAT(Wrong(sandboxes(), &Sandboxes::CreateSandbox, timeout), ElementsAre("timeout"));
    EXPECT_THAT(Wrong(sandboxes(), &Sandboxes::StopSandbox, "sandbox: 'x'" + timeout), ElementsAre("timeout"));
    EXPECT_THAT(Wrong(volumes(), &Volumes::DeleteVolume, "volume: 'v'" + timeout), ElementsAre("timeout"));
    const std::string age = " max_age { " + time + " }";
    EXPECT_THAT(Wrong(sandboxes(), &Sandboxes::GetSandbox, "sandbox: 'x'" + age), ElementsAre("max_age"));
    EXPECT_THAT(Wrong(snapshots(), &Snapshots::ListSnapshots, age), ElementsAre("max_age"));
  }
  EXPECT_THAT(Wrong(sandboxes(), &Sandboxes::ListSandboxes, "filter { created_at_after { nanos: 1000000000 } }"),
              ElementsAre("filter.created_at_after"));
  EXPECT_THAT(Wrong(sandboxes(), &Sandboxes::StreamSandboxes, "filter { last_activity_before { nanos: -1 } }"),
              ElementsAre("filter.last_activity_before"));
}

TEST_F(BadInputTest, AbsurdPages) {
  for (const std::string size : {"201", "-1", "2147483647", "-2147483648"}) {
    const std::string page_size = "page_size: " + size;
    const auto field = ElementsAre("page_size");
    EXPECT_THAT(Wrong(sandboxes(), &Sandboxes::ListSandboxes, page_size), field);
    EXPECT_THAT(Wrong(sandboxes(), &Sandboxes::ListSandboxes, page_size + " page: 1"), field);
    EXPECT_THAT(Wrong(sandboxes(), &Sandboxes::StreamSandboxes, page_size), field);
    EXPECT_THAT(Wrong(snapshots(), &Snapshots::ListSnapshots, page_size), field);
    EXPECT_THAT(Wrong(volumes(), &Volumes::ListVolumes, page_size), field);
  }
  for (const std::string page : {"0", "-1", "-2147483648"}) {
    EXPECT_THAT(Wrong(sandboxes(), &Sandboxes::ListSandboxes, "page: " + page), ElementsAre("page"));
    EXPECT_THAT(Wrong(snapshots(), &Snapshots::ListSnapshots, "page: " + page), ElementsAre("page"));
  }
  const std::string both = "page: 1 page_token: 'x'";
  EXPECT_THAT(Wrong(sandboxes(), &Sandboxes::ListSandboxes, both), ElementsAre("page"));
  EXPECT_THAT(Wrong(snapshots(), &Snapshots::ListSnapshots, both), ElementsAre("page"));
  const std::string token = "page_token: 'nonsense'";
  EXPECT_THAT(Wrong(sandboxes(), &Sandboxes::ListSandboxes, token), ElementsAre("page_token"));
  EXPECT_THAT(Wrong(snapshots(), &Snapshots::ListSnapshots, token), ElementsAre("page_token"));
  EXPECT_THAT(Wrong(volumes(), &Volumes::ListVolumes, token), ElementsAre("page_token"));
}

TEST_F(BadInputTest, FractionsUpstreamDoesNotAccept) {
  EXPECT_THAT(Wrong(sandboxes(), &Sandboxes::CreateSandbox, "spec { image: 'a:1' resources { cpu: 0.5 } }"),
              ElementsAre("spec.resources.cpu"));
  EXPECT_THAT(Wrong(snapshots(), &Snapshots::CreateSnapshot,
                    "spec { name: 's' image: 'a:1' resources { memory_gib: 1.5 disk_gib: nan } }"),
              ElementsAre("spec.resources.memory_gib", "spec.resources.disk_gib"));
  EXPECT_THAT(Wrong(sandboxes(), &Sandboxes::ListSandboxes, "filter { min_cpu: 0.5 }"), ElementsAre("filter.min_cpu"));
  EXPECT_THAT(Wrong(sandboxes(), &Sandboxes::StreamSandboxes, "filter { max_disk_gib: 2.5 }"),
              ElementsAre("filter.max_disk_gib"));
}

TEST_F(BadInputTest, FiltersAndOrdersThatDoNotExist) {
  for (const auto& [request, field] : std::vector<std::pair<std::string, std::string>>{
           {"filter { states: SANDBOX_STATE_DESTROYED }", "filter.states"},
           {"filter { states: 99 }", "filter.states"},
           {"filter { min_cpu: 0 }", "filter.min_cpu"},
           {"filter { min_gpu: -1 }", "filter.min_gpu"},
           {"filter { max_gpu: 1 } page: 1", "filter.max_gpu"},
           {"filter { max_disk_gib: -1 }", "filter.max_disk_gib"},
           {"filter { sandbox_classes: 0 }", "filter.sandbox_classes"},
           {"filter { labels { key: 'a' value: 'b\\nc' } }", "filter.labels[\"a\"]"},
           {"filter { is_public: true } page: 1", "filter.is_public"},
           {"sort: 99", "sort"},
           {"sort: SANDBOX_SORT_FIELD_STATE", "sort"},
           {"sort: SANDBOX_SORT_FIELD_CPU page: 1", "sort"},
           {"order: 99", "order"},
       }) {
    EXPECT_THAT(Wrong(sandboxes(), &Sandboxes::ListSandboxes, request), ElementsAre(field)) << request;
  }
  EXPECT_THAT(Wrong(snapshots(), &Snapshots::ListSnapshots, "sort: 99"), ElementsAre("sort"));
  EXPECT_THAT(Wrong(snapshots(), &Snapshots::ListSnapshots, "order: 99"), ElementsAre("order"));
}

TEST_F(BadInputTest, InvalidSpecs) {
  for (const auto& [spec, field] : std::vector<std::pair<std::string, std::string>>{
           {"name: 'a\\nb'", "spec.name"},
           {"name: ' '", "spec.name"},
           {"snapshot: ' '", "spec.snapshot"},
           {"language: 99", "spec.language"},
           {"auto_stop_minutes: -1", "spec.auto_stop_minutes"},
           {"auto_pause_minutes: -1", "spec.auto_pause_minutes"},
           {"auto_archive_minutes: -1", "spec.auto_archive_minutes"},
           {"ttl_minutes: -1", "spec.ttl_minutes"},
           {"queue_timeout_minutes: -1", "spec.queue_timeout_minutes"},
           {"auto_stop_minutes: 5 auto_pause_minutes: 5", "spec.auto_pause_minutes"},
           {"ephemeral: true auto_pause_minutes: 5", "spec.auto_pause_minutes"},
           {"labels { key: 'a' value: 'b\\nc' }", "spec.labels[\"a\"]"},
           {"labels { key: 'a\\nb' value: 'c' }", "spec.labels"},
           {"env { key: '' value: 'x' }", "spec.env"},
           {"resources { cpu: 1 }", "spec.resources"},
           {"snapshot: 's' resources { memory_gib: 1 }", "spec.resources"},
           {"image: 'a:1' resources { cpu: 0 }", "spec.resources.cpu"},
           {"image: 'a:1' resources { disk_gib: -3 }", "spec.resources.disk_gib"},
           {"image: ''", "spec.image"},
           {"image: 'a:1\\nRUN evil'", "spec.image"},
           {"dockerfile: ' '", "spec.dockerfile"},
           {"image: 'a:1' linked_sandbox: 'x'", "spec.linked_sandbox"},
           {"volumes { volume: 'v' mount_path: 'x' }", "spec.volumes[0].mount_path"},
           {"volumes { volume: 'v' mount_path: '/etc' }", "spec.volumes[0].mount_path"},
           {"volumes { volume: 'v' mount_path: '/x' subpath: '../y' }", "spec.volumes[0].subpath"},
           {"volumes { mount_path: '/x' }", "spec.volumes[0].volume"},
       }) {
    EXPECT_THAT(WrongSpec(spec), ElementsAre(field)) << spec;
    EXPECT_THAT(Wrong(sandboxes(), &Sandboxes::CreateSandboxStream, "spec { " + spec + " }"), ElementsAre(field));
  }
  EXPECT_THAT(WrongSpec("auto_stop_minutes: -1 ttl_minutes: -1"),
              ElementsAre("spec.auto_stop_minutes", "spec.ttl_minutes"));
}

TEST_F(BadInputTest, InvalidSnapshotsAndVolumes) {
  EXPECT_THAT(WrongSnapshot(""), ElementsAre("spec.name", "spec.source"));
  EXPECT_THAT(WrongSnapshot("name: 's'"), ElementsAre("spec.source"));
  EXPECT_THAT(WrongSnapshot("name: 's' image: 'a:1 b'"), ElementsAre("spec.image"));
  EXPECT_THAT(WrongSnapshot("name: 's' dockerfile: ''"), ElementsAre("spec.dockerfile"));
  EXPECT_THAT(WrongSnapshot("name: 's' image: 'a:1' resources { memory_gib: 0 }"),
              ElementsAre("spec.resources.memory_gib"));
  EXPECT_THAT(WrongSnapshot("name: 's' image: 'a:1' sandbox_class: 99"), ElementsAre("spec.sandbox_class"));
  EXPECT_THAT(Wrong(snapshots(), &Snapshots::CreateSnapshotStream, ""), ElementsAre("spec.name", "spec.source"));
  EXPECT_THAT(Wrong(volumes(), &Volumes::CreateVolume, ""), ElementsAre("name"));
  EXPECT_THAT(Wrong(volumes(), &Volumes::CreateVolume, "name: 'a\\nb'"), ElementsAre("name"));
}

}  // namespace
}  // namespace daytonad::testing
