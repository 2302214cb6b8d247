// Volumes as a caller sees them: creating, reading, listing and deleting, and the effect of sandboxes that mount them.
#include <future>
#include <string>
#include <vector>

#include "tests/integration/fixture.h"

namespace daytonad::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using Stub = v1::VolumeService::Stub;

class VolumesTest : public IntegrationTest {
 protected:
  client::Result<v1::CreateVolumeResponse> Create(const std::string& request) {
    return Call(volumes(), &Stub::CreateVolume, Parse<v1::CreateVolumeRequest>(request));
  }
  client::Result<v1::GetVolumeResponse> Get(const std::string& id_or_name, bool create_if_missing = false) {
    v1::GetVolumeRequest request;
    request.set_volume(id_or_name);
    request.set_create_if_missing(create_if_missing);
    return Call(volumes(), &Stub::GetVolume, request);
  }
  client::Result<v1::ListVolumesResponse> List(const std::string& request) {
    return Call(volumes(), &Stub::ListVolumes, Parse<v1::ListVolumesRequest>(request));
  }
  std::vector<std::string> Names(const std::string& request) {
    std::vector<std::string> names;
    const auto listed = List(request);
    EXPECT_EQ(Outcome(listed.error), "OK") << request;
    for (const v1::Volume& volume : listed.value.volumes()) names.push_back(volume.name());
    return names;
  }
  client::Result<v1::DeleteVolumeResponse> Delete(const std::string& id_or_name, const std::string& more = "") {
    auto request = Parse<v1::DeleteVolumeRequest>(more);
    request.set_volume(id_or_name);
    return Call(volumes(), &Stub::DeleteVolume, request);
  }
  client::Result<v1::CreateSandboxResponse> Mount(const std::string& volume) {
    v1::CreateSandboxRequest request;
    v1::VolumeMount& mount = *request.mutable_spec()->add_volumes();
    mount.set_volume(volume);
    mount.set_mount_path("/data");
    return Call(sandboxes(), &v1::DaytonaService::Stub::CreateSandbox, request);
  }
};

// Volumes never leave their transitional states.
class SlowVolumesTest : public VolumesTest {
 protected:
  emulator::EmulatorOptions emulator_options() override {
    emulator::EmulatorOptions options = QuickEmulator();
    options.delays.volume = std::chrono::hours(1);
    return options;
  }
};

TEST_F(VolumesTest, IsCreatedAndReadyWhenWaitedFor) {
  const auto created = Create("name: 'data' wait: true");
  ASSERT_EQ(Outcome(created.error), "OK");
  EXPECT_EQ(created.value.volume().name(), "data");
  EXPECT_EQ(created.value.volume().state(), v1::VOLUME_STATE_READY);
  EXPECT_EQ(created.value.volume().view(), v1::VIEW_FULL);
  const auto again = Create("name: 'data'");
  EXPECT_EQ(Outcome(again.error), "ALREADY_EXISTS NAME_TAKEN");
  EXPECT_EQ(again.error->metadata.at("volume_name"), "data");
}

TEST_F(SlowVolumesTest, WithoutWaitingItIsPending) {
  const auto created = Create("name: 'data'");
  ASSERT_EQ(Outcome(created.error), "OK");
  EXPECT_EQ(created.value.volume().state(), v1::VOLUME_STATE_PENDING_CREATE);
  EXPECT_EQ(control().CountRequests("GET", "/api/volumes"), 0);
}

TEST_F(SlowVolumesTest, AWaitThatRunsOutOfTimeNamesTheVolumeThatStays) {
  const auto created = Create("name: 'data' wait: true timeout { nanos: 200000000 }");
  ASSERT_EQ(Outcome(created.error), "DEADLINE_EXCEEDED WAIT_TIMED_OUT");
  EXPECT_EQ(created.error->metadata.at("volume_name"), "data");
  EXPECT_EQ(created.error->metadata.at("volume_state"), "pending_create");
  EXPECT_EQ(Outcome(Get(created.error->metadata.at("volume_id")).error), "OK");
}

TEST_F(SlowVolumesTest, AVolumeThatIsNotReadyCanNeitherBeMountedNorDeleted) {
  Create("name: 'data'");
  const auto mounted = Mount("data");
  EXPECT_EQ(Outcome(mounted.error), "FAILED_PRECONDITION VOLUME_NOT_READY");
  EXPECT_THAT(mounted.error->message, HasSubstr("pending_create"));
  EXPECT_EQ(Outcome(Delete("data").error), "FAILED_PRECONDITION WRONG_STATE");
}

TEST_F(VolumesTest, AFailedVolumeEndsTheWaitWithItsReason) {
  control().AddFault(
      {{"method", "GET"}, {"path_regex", "^/api/volumes/"}},
      {{"status", 200}, {"body", {{"id", "v1"}, {"name", "data"}, {"state", "error"}, {"errorReason", "no bucket"}}}});
  const auto created = Create("name: 'data' wait: true");
  EXPECT_EQ(Outcome(created.error), "FAILED_PRECONDITION VOLUME_FAILED");
  EXPECT_THAT(created.error->message, HasSubstr("no bucket"));
}

TEST_F(VolumesTest, IsReadByIdAndByName) {
  const std::string name = "my data #1?50%/ü";
  const v1::Volume made = MakeVolume(name);
  for (const std::string& reference : {made.id(), name}) {
    const auto got = Get(reference);
    ASSERT_EQ(Outcome(got.error), "OK") << reference;
    EXPECT_EQ(got.value.volume().id(), made.id());
    EXPECT_EQ(got.value.volume().name(), name);
    EXPECT_FALSE(got.value.created());
  }
}

TEST_F(VolumesTest, IsCreatedIfMissing) {
  const auto first = Get("data", /*create_if_missing=*/true);
  ASSERT_EQ(Outcome(first.error), "OK");
  EXPECT_TRUE(first.value.created());
  const auto second = Get("data", /*create_if_missing=*/true);
  EXPECT_FALSE(second.value.created());
  EXPECT_EQ(second.value.volume().id(), first.value.volume().id());
  EXPECT_EQ(control().CountRequests("POST", "/api/volumes"), 1);
}

TEST_F(VolumesTest, AnIdDoesNotNameAMissingVolume) {
  EXPECT_EQ(Outcome(Get("00000000-0000-4000-8000-000000000000", /*create_if_missing=*/true).error),
            "NOT_FOUND VOLUME_NOT_FOUND");
  EXPECT_EQ(control().CountRequests("POST", "/api/volumes"), 0);
}

TEST_F(VolumesTest, TwoConcurrentCreatesGetTheSameVolume) {
  // Long enough for the other one's read.
  control().AddFault({{"method", "POST"}}, {{"delay_ms", 300}});
  const auto get = [&] { return Get("data", /*create_if_missing=*/true); };
  auto one = std::async(std::launch::async, get);
  auto other = std::async(std::launch::async, get);
  const auto first = one.get();
  const auto second = other.get();
  ASSERT_EQ(Outcome(first.error), "OK");
  ASSERT_EQ(Outcome(second.error), "OK");
  EXPECT_EQ(first.value.volume().id(), second.value.volume().id());
  EXPECT_EQ(first.value.created() + second.value.created(), 1);
  EXPECT_EQ(List("").value.volumes_size(), 1);
}

TEST_F(VolumesTest, AVolumeCreatedMeanwhileByAnotherIsRead) {
  const DaemonProcess other(DaemonFor(emulator_->url()));
  client::Client somebody_else = *client::Client::Connect(other.addresses().front());
  const auto made = Call(somebody_else.volumes(), &Stub::CreateVolume, Parse<v1::CreateVolumeRequest>("name: 'data'"));
  ASSERT_EQ(Outcome(made.error), "OK");
  const std::string id = made.value.volume().id();
  control().AddFault({{"method", "GET"}, {"path_regex", "by-name"}, {"times", 1}},
                     {{"status", 404}, {"body", DaytonaError(404, "Volume with name data not found")}});
  const auto got = Get("data", /*create_if_missing=*/true);
  ASSERT_EQ(Outcome(got.error), "OK");
  EXPECT_EQ(got.value.volume().id(), id);
  EXPECT_FALSE(got.value.created());
}

TEST_F(VolumesTest, AreListedByNamePageByPage) {
  for (const char* name : {"v2", "v3", "v1"}) MakeVolume(name);
  Delete("v3", "wait: true");
  MakeVolume("v3");
  EXPECT_THAT(Names(""), ElementsAre("v1", "v2", "v3"));
  EXPECT_THAT(Names("include_deleted: true"), ElementsAre("v1", "v2", "v3", "v3")) << "the deleted one, too";

  const auto first = List("page_size: 2");
  ASSERT_EQ(first.value.volumes_size(), 2);
  const std::string token = "page_token: '" + first.value.next_page_token() + "'";
  EXPECT_THAT(Names("page_size: 2 " + token), ElementsAre("v3"));
  EXPECT_EQ(List("page_size: 2 " + token).value.next_page_token(), "");
  EXPECT_EQ(Outcome(List("include_deleted: true " + token).error), "INVALID_ARGUMENT INVALID_REQUEST");
}

TEST_F(VolumesTest, IsDeletedByIdAndByName) {
  const std::string first = MakeVolume("one").id();
  const auto by_name = Delete("one", "wait: true");
  ASSERT_EQ(Outcome(by_name.error), "OK");
  EXPECT_EQ(by_name.value.volume_id(), first);
  EXPECT_EQ(Get(first).value.volume().state(), v1::VOLUME_STATE_DELETED);
  EXPECT_EQ(Outcome(Get("one").error), "NOT_FOUND VOLUME_NOT_FOUND");
  EXPECT_EQ(Outcome(Delete(first).error), "NOT_FOUND VOLUME_NOT_FOUND");

  const std::string second = MakeVolume("two").id();
  EXPECT_EQ(Delete(second).value.volume_id(), second);
  EXPECT_TRUE(Eventually([&] { return Get(second).value.volume().state() == v1::VOLUME_STATE_DELETED; }));
}

TEST_F(VolumesTest, AMountedVolumeIsNotDeleted) {
  MakeVolume("data");
  const auto mounted = Mount("data");
  ASSERT_EQ(Outcome(mounted.error), "OK");
  EXPECT_EQ(Outcome(Delete("data").error), "FAILED_PRECONDITION VOLUME_IN_USE");
  v1::DeleteSandboxRequest request;
  request.set_sandbox(mounted.value.sandbox().id());
  request.set_wait(true);
  ASSERT_EQ(Outcome(Call(sandboxes(), &v1::DaytonaService::Stub::DeleteSandbox, request).error), "OK");
  EXPECT_EQ(Outcome(Delete("data", "wait: true").error), "OK");
}

}  // namespace
}  // namespace daytonad::testing
