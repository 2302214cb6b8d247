#include "daemon/upstream/v0/codecs/sandbox_json.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "daemon/base/error.h"
#include "daemon/upstream/v0/codecs/build_json.h"
#include "daemon/upstream/v0/codecs/snapshot_json.h"
#include "daemon/upstream/v0/codecs/volume_json.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/text_format.h"

namespace daytonad {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

template <typename Message>
Message FromText(const std::string& text) {
  Message message;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &message));
  return message;
}

// A sandbox with every field that upstream has.
constexpr char kWholeSandbox[] = R"({
  "id": "9ac4d5e7-31a5-4b34-990c-39d9f781c696", "organizationId": "org1", "name": "g4", "target": "us",
  "snapshot": "daytonaio/sandbox:0.5.0-slim", "user": "daytona", "env": {"DEBUG": "true"},
  "cpu": 1.5, "gpu": 1, "memory": 2, "disk": 3, "gpuType": "RTX-PRO-6000", "public": true,
  "networkBlockAll": true, "networkAllowList": "10.0.0.0/8,1.2.3.4/32", "domainAllowList": "*.a.b",
  "outboundProxyUrl": "http://proxy", "otelEndpointOverride": "http://otel",
  "labels": {"code-toolbox-language": "python"},
  "volumes": [{"subpath": "a/b", "volumeId": "4e91c945", "mountPath": "/data"}],
  "state": "building_snapshot", "desiredState": "started", "errorReason": "why", "recoverable": true,
  "backupState": "InProgress", "backupCreatedAt": "2026-11-21T20:00:00Z",
  "autoStopInterval": 0, "autoPauseInterval": 5, "autoArchiveInterval": 60, "autoDeleteInterval": -1,
  "autoDestroyAt": "2026-11-22T00:00:00Z", "spot": true, "spotEvictedAt": "2026-11-23T00:00:00Z",
  "kvm": true, "queueTimeout": 30, "queueTimedOutAt": "2026-11-24T00:00:00Z",
  "warmPoolId": "w1", "sandboxClass": "linux-vm", "linkedSandboxId": "parent",
  "buildInfo": {"dockerfileContent": "FROM debian:12\n", "contextHashes": ["h1"], "createdAt": "2026-11-21T20:35:58.790Z",
                "updatedAt": "2026-11-21T20:35:58.790Z", "snapshotRef": "daytona-18a9:daytona"},
  "createdAt": "2026-11-21T20:35:58.792Z", "updatedAt": "2026-11-21T20:35:58.792Z",
  "lastActivityAt": "2026-11-21T20:35:58.792Z", "daemonVersion": "v0.190.0", "runnerId": "8bcd602f",
  "toolboxProxyUrl": "http://127.0.0.1:14000/toolbox", "fieldOfTheFuture": {"a": [1]}})";

TEST(ReadSandboxTest, FillsEveryField) {
  const absl::StatusOr<v1::Sandbox> sandbox = ReadSandbox(Json::parse(kWholeSandbox));
  ASSERT_TRUE(sandbox.ok()) << sandbox.status();
  const google::protobuf::Reflection* reflection = sandbox->GetReflection();
  for (int i = 0; i < v1::Sandbox::descriptor()->field_count(); ++i) {
    const google::protobuf::FieldDescriptor* field = v1::Sandbox::descriptor()->field(i);
    const bool filled =
        field->is_repeated() ? reflection->FieldSize(*sandbox, field) > 0 : reflection->HasField(*sandbox, field);
    EXPECT_TRUE(filled) << field->name();
  }
  EXPECT_EQ(sandbox->view(), v1::VIEW_FULL);
  EXPECT_EQ(sandbox->state(), v1::SANDBOX_STATE_BUILDING_SNAPSHOT);
  EXPECT_EQ(sandbox->state_text(), "building_snapshot");
  EXPECT_EQ(sandbox->desired_state(), v1::SANDBOX_DESIRED_STATE_STARTED);
  EXPECT_EQ(sandbox->backup_state(), v1::BACKUP_STATE_IN_PROGRESS);
  EXPECT_EQ(sandbox->gpu_type(), v1::GPU_TYPE_RTX_PRO_6000);
  EXPECT_EQ(sandbox->sandbox_class(), v1::SANDBOX_CLASS_LINUX_VM);
  EXPECT_EQ(sandbox->cpu(), 1.5);
  EXPECT_TRUE(sandbox->has_auto_stop_minutes());
  EXPECT_EQ(sandbox->auto_stop_minutes(), 0);
  EXPECT_EQ(sandbox->auto_delete_minutes(), -1);
  EXPECT_THAT(sandbox->network_allow_list(), ElementsAre("10.0.0.0/8", "1.2.3.4/32"));
  EXPECT_EQ(sandbox->volumes(0).volume(), "4e91c945");
  EXPECT_EQ(sandbox->volumes(0).subpath(), "a/b");
  EXPECT_EQ(sandbox->build_info().snapshot_ref(), "daytona-18a9:daytona");
  EXPECT_THAT(sandbox->build_info().context_hashes(), ElementsAre("h1"));
  EXPECT_EQ(sandbox->created_at().seconds(), 1795293358);
  EXPECT_EQ(sandbox->queue_timeout_minutes(), 30);
  EXPECT_EQ(sandbox->queue_timed_out_at().seconds(), 1795478400);
}

TEST(ReadSandboxTest, KnowsEveryGpuOfUpstream) {
  for (const char* text : {"H100", "H200", "RTX-PRO-6000", "RTX-4090", "RTX-5090", "MI355X", "B300", "B200", "L40S"}) {
    EXPECT_NE(ReadSandbox(Json{{"id", "i"}, {"gpuType", text}})->gpu_type(), v1::GPU_TYPE_UNSPECIFIED) << text;
  }
}

TEST(ReadSandboxTest, TakesNullForAbsent) {
  const absl::StatusOr<v1::Sandbox> sandbox = ReadSandbox(Json::parse(
      R"({"id": "i", "networkAllowList": null, "errorReason": null, "daemonVersion": null, "autoStopInterval": null,
          "buildInfo": null, "volumes": null, "createdAt": null, "state": null, "labels": null})"));
  ASSERT_TRUE(sandbox.ok());
  EXPECT_EQ(sandbox->name(), "i") << "the name is the id unless there is another";
  EXPECT_FALSE(sandbox->has_auto_stop_minutes());
  EXPECT_FALSE(sandbox->has_build_info());
  EXPECT_FALSE(sandbox->has_created_at());
  EXPECT_EQ(sandbox->state(), v1::SANDBOX_STATE_UNSPECIFIED);
}

TEST(ReadSandboxTest, KeepsTheTextOfUnknownValues) {
  const absl::StatusOr<v1::Sandbox> sandbox = ReadSandbox(Json::parse(
      R"({"id": "i", "state": "hibernating", "desiredState": "dreaming", "gpuType": "Z900", "sandboxClass": "mainframe",
          "backupState": "Odd"})"));
  ASSERT_TRUE(sandbox.ok());
  EXPECT_EQ(sandbox->state(), v1::SANDBOX_STATE_UNSPECIFIED);
  EXPECT_EQ(sandbox->state_text(), "hibernating");
  EXPECT_EQ(sandbox->desired_state_text(), "dreaming");
  EXPECT_EQ(sandbox->gpu_type_text(), "Z900");
  EXPECT_EQ(sandbox->sandbox_class_text(), "mainframe");
  EXPECT_EQ(sandbox->backup_state_text(), "Odd");
}

TEST(ReadSandboxTest, KnowsEveryStateOfUpstream) {
  for (const char* text :
       {"creating", "restoring",        "destroyed", "destroying",   "started",       "stopped",
        "starting", "stopping",         "error",     "build_failed", "pending_build", "building_snapshot",
        "unknown",  "pulling_snapshot", "archived",  "archiving",    "resizing",      "snapshotting",
        "forking",  "pausing",          "paused",    "resuming"}) {
    EXPECT_NE(ReadSandbox(Json{{"id", "i"}, {"state", text}})->state(), v1::SANDBOX_STATE_UNSPECIFIED) << text;
  }
}

TEST(ReadSandboxTest, SurvivesWrongTypesEverywhere) {
  const Json whole = Json::parse(kWholeSandbox);
  for (const auto& [name, value] : whole.items()) {
    for (const Json& wrong : {Json(5), Json("text"), Json(true), Json::array({1, nullptr}), Json::object({{"a", 1}})}) {
      Json changed = whole;
      changed[name] = wrong;
      const absl::StatusOr<v1::Sandbox> sandbox = ReadSandbox(changed);
      EXPECT_EQ(sandbox.ok(), name != "id" || wrong.is_string()) << name << " " << wrong;
    }
  }
}

TEST(ReadSandboxTest, NeedsAnId) {
  for (const char* text : {"{}", "[]", "null", "\"x\"", "5", R"({"id": null})", R"({"id": ""})", R"({"id": 5})"}) {
    EXPECT_EQ(ErrorReason(ReadSandbox(Json::parse(text)).status()), "UPSTREAM_FOREIGN_ANSWER") << text;
  }
}

TEST(ReadSandboxPageTest, SaysThatItsItemsAreIncomplete) {
  const absl::StatusOr<SandboxPage> page =
      ReadSandboxPage(Json::parse(R"({"items": [{"id": "a"}, {"id": "b"}], "nextCursor": "CUR=="})"));
  ASSERT_TRUE(page.ok());
  ASSERT_EQ(page->items.size(), 2U);
  EXPECT_EQ(page->items[1].id(), "b");
  EXPECT_EQ(page->items[1].view(), v1::VIEW_BASIC);
  EXPECT_EQ(page->next_cursor, "CUR==");
  EXPECT_EQ(ReadSandboxPage(Json::parse(R"({"items": [], "nextCursor": null})"))->next_cursor, "");
}

TEST(ReadSandboxPageTest, RefusesWhatIsNoPage) {
  for (const char* text : {"{}", "[]", R"({"items": {}})"}) {
    EXPECT_EQ(ErrorReason(ReadSandboxPage(Json::parse(text)).status()), "UPSTREAM_FOREIGN_ANSWER") << text;
    EXPECT_EQ(ErrorReason(ReadNumberedSandboxPage(Json::parse(text)).status()), "UPSTREAM_FOREIGN_ANSWER") << text;
    EXPECT_EQ(ErrorReason(ReadSnapshotPage(Json::parse(text)).status()), "UPSTREAM_FOREIGN_ANSWER") << text;
  }
}

TEST(ReadNumberedSandboxPageTest, HasWholeItemsAndTotals) {
  const absl::StatusOr<NumberedSandboxPage> page =
      ReadNumberedSandboxPage(Json::parse(R"({"items": [{"id": "a"}], "total": 7, "page": 2, "totalPages": 4})"));
  ASSERT_TRUE(page.ok());
  EXPECT_EQ(page->items[0].view(), v1::VIEW_FULL);
  EXPECT_EQ(page->totals->total_size, 7);
  EXPECT_EQ(page->totals->page, 2);
  EXPECT_EQ(page->totals->total_pages, 4);
}

TEST(WriteNewSandboxTest, SendsOfAnEmptySpecWhatThePythonSdkSends) {
  EXPECT_EQ(WriteNewSandbox({}, "us").dump(),
            R"({"env":{},"labels":{"code-toolbox-language":"python"},"target":"us","volumes":[]})");
  EXPECT_EQ(WriteNewSandbox({}, "").dump(), R"({"env":{},"labels":{"code-toolbox-language":"python"},"volumes":[]})");
}

TEST(WriteNewSandboxTest, ALanguageThatTheEnumDoesNotKnowIsSentAsItIs) {
  CreateSandbox sandbox;
  sandbox.spec.set_language_text("ruby");
  EXPECT_EQ(WriteNewSandbox(sandbox, "").dump(),
            R"({"env":{},"labels":{"code-toolbox-language":"ruby"},"volumes":[]})");
}

TEST(WriteNumberTest, WholeNumbersHaveNoFractionAndOthersAreNotRounded) {
  EXPECT_EQ(WriteNumber(2).dump(), "2");
  EXPECT_EQ(WriteNumber(2147483647).dump(), "2147483647");
  EXPECT_EQ(WriteNumber(0.5).dump(), "0.5");
}

TEST(WriteNewSandboxTest, SendsEveryFieldAsThePythonSdkDoes) {
  CreateSandbox sandbox;
  sandbox.spec = FromText<v1::SandboxSpec>(R"pb(
    name: "full"
    language: CODE_LANGUAGE_TYPESCRIPT
    snapshot: "sn"
    user: "u"
    env { key: "B" value: "2" }
    env { key: "A" value: "1" }
    labels { key: "l" value: "v" }
    labels { key: "code-toolbox-language" value: "overridden" }
    is_public: true
    target: "eu"
    auto_stop_minutes: 0
    auto_pause_minutes: 0
    auto_archive_minutes: 60
    auto_delete_minutes: 5
    ttl_minutes: 5
    ephemeral: true
    volumes { volume: "v" mount_path: "/d" subpath: "p" }
    volumes { volume: "w" mount_path: "/e" }
    secrets { key: "K" value: "n" }
    secrets { key: "J" value: "m" }
    network_block_all: false
    network_allow_list: "10.0.0.0/8"
    network_allow_list: "1.2.3.4/32"
    domain_allow_list: "a.b"
    outbound_proxy_url: "http://p"
    otel_endpoint_override: "http://o"
    linked_sandbox: "x"
    spot: false
    kvm: true
    queue_timeout_minutes: 0)pb");
  EXPECT_EQ(
      WriteNewSandbox(sandbox, "us").dump(),
      R"({"name":"full","snapshot":"sn","user":"u","env":{"A":"1","B":"2"},)"
      R"("labels":{"code-toolbox-language":"typescript","l":"v"},"public":true,"networkBlockAll":false,)"
      R"("networkAllowList":"10.0.0.0/8,1.2.3.4/32","domainAllowList":"a.b","outboundProxyUrl":"http://p",)"
      R"("otelEndpointOverride":"http://o","target":"eu","spot":false,"kvm":true,"autoStopInterval":0,"autoPauseInterval":0,)"
      R"("autoArchiveInterval":60,"autoDeleteInterval":0,"ttlMinutes":5,"queueTimeout":0,)"
      R"("volumes":[{"volumeId":"v","mountPath":"/d","subpath":"p"},{"volumeId":"w","mountPath":"/e"}],)"
      R"("linkedSandbox":"x","secrets":[{"J":"m"},{"K":"n"}]})");
}

TEST(WriteNewSandboxTest, SendsABuildWithItsResources) {
  CreateSandbox sandbox;
  sandbox.spec =
      FromText<v1::SandboxSpec>(
          R"pb(
            name: "img"
            image: "debian:12.9"
            auto_delete_minutes: 0
            resources {
              cpu: 2
              memory_gib: 4
              disk_gib: 8
              gpu: 1
              gpu_types: GPU_TYPE_H100
              gpu_types: GPU_TYPE_RTX_PRO_6000
            })pb");
  sandbox.build = ImageBuild{"FROM debian:12.9\n", std::nullopt};
  EXPECT_EQ(WriteNewSandbox(sandbox, "us").dump(),
            R"({"name":"img","env":{},"labels":{"code-toolbox-language":"python"},"target":"us","cpu":2,"gpu":1,)"
            R"("gpuType":["H100","RTX-PRO-6000"],"memory":4,"disk":8,"autoDeleteInterval":0,"volumes":[],)"
            R"("buildInfo":{"dockerfileContent":"FROM debian:12.9\n"}})");
  sandbox.build->context_hashes.emplace();
  EXPECT_EQ(WriteNewSandbox(sandbox, "")["buildInfo"]["contextHashes"].dump(), "[]");
}

TEST(WriteNewSandboxTest, SendsGpuKindsThatOnlyTheCallerKnows) {
  CreateSandbox sandbox;
  sandbox.spec.mutable_resources()->add_gpu_type_texts("B300");
  EXPECT_EQ(WriteNewSandbox(sandbox, "")["gpuType"].dump(), R"(["B300"])");
}

TEST(ReadSnapshotTest, FillsEveryField) {
  const absl::StatusOr<v1::Snapshot> snapshot = ReadSnapshot(Json::parse(R"({
    "id": "8f594dc5-66dd-4a29-ac7e-2270f4776e41", "organizationId": "org1", "general": true, "name": "a/b:1",
    "imageName": "ubuntu:22.04", "state": "active", "size": 0.35, "entrypoint": ["sleep", "infinity"],
    "cpu": 1, "gpu": 1, "mem": 2, "disk": 3, "gpuType": "H100", "errorReason": "why",
    "createdAt": "2026-11-21T20:35:58.943Z", "updatedAt": "2026-11-21T20:36:00.913Z",
    "lastUsedAt": "2026-11-21T20:36:00.912Z", "regionIds": ["us", "eu"], "initialRunnerId": "8bcd602f",
    "ref": "127.0.0.1:15000/daytona/daytona-cfa8:daytona", "sandboxClass": "container", "sourceSandboxId": "s",
    "buildInfo": {"dockerfileContent": "FROM debian:12\n", "contextHashes": null}})"));
  ASSERT_TRUE(snapshot.ok()) << snapshot.status();
  const google::protobuf::Reflection* reflection = snapshot->GetReflection();
  for (int i = 0; i < v1::Snapshot::descriptor()->field_count(); ++i) {
    const google::protobuf::FieldDescriptor* field = v1::Snapshot::descriptor()->field(i);
    const bool filled =
        field->is_repeated() ? reflection->FieldSize(*snapshot, field) > 0 : reflection->HasField(*snapshot, field);
    EXPECT_TRUE(filled) << field->name();
  }
  EXPECT_EQ(snapshot->state(), v1::SNAPSHOT_STATE_ACTIVE);
  EXPECT_EQ(snapshot->size_gb(), 0.35);
  EXPECT_EQ(snapshot->memory_gib(), 2);
  EXPECT_THAT(snapshot->region_ids(), ElementsAre("us", "eu"));
  EXPECT_THAT(snapshot->build_info().context_hashes(), IsEmpty());
}

TEST(ReadSnapshotTest, LeavesUnsetWhatUpstreamDoesNotKnowYet) {
  const absl::StatusOr<v1::Snapshot> snapshot = ReadSnapshot(
      Json::parse(R"({"id": "i", "size": null, "entrypoint": null, "lastUsedAt": null, "state": "thawing"})"));
  ASSERT_TRUE(snapshot.ok());
  EXPECT_FALSE(snapshot->has_size_gb());
  EXPECT_FALSE(snapshot->has_last_used_at());
  EXPECT_EQ(snapshot->state(), v1::SNAPSHOT_STATE_UNSPECIFIED);
  EXPECT_EQ(snapshot->state_text(), "thawing");
}

TEST(ReadVolumesTest, ReadsABareArray) {
  const absl::StatusOr<std::vector<v1::Volume>> volumes = ReadVolumes(Json::parse(
      R"([{"id": "4e91c945", "name": "v1", "organizationId": "org1", "state": "pending_create",
           "createdAt": "2026-11-21T20:36:43.990Z", "updatedAt": "2026-11-21T20:36:43.990Z", "errorReason": null}])"));
  ASSERT_TRUE(volumes.ok());
  const v1::Volume& volume = volumes->front();
  EXPECT_EQ(volume.name(), "v1");
  EXPECT_EQ(volume.state(), v1::VOLUME_STATE_PENDING_CREATE);
  EXPECT_EQ(volume.state_text(), "pending_create");
  EXPECT_EQ(volume.view(), v1::VIEW_FULL);
  EXPECT_TRUE(volume.has_created_at());
  EXPECT_FALSE(volume.has_last_used_at());
}

TEST(ReadListsTest, AnItemThatCantBeReadIsLeftOut) {
  const Json page = Json::parse(R"({"items": [{"name": "no id"}, 5, null, {"id": "a"}], "nextCursor": "c"})");
  ASSERT_EQ(ReadSandboxPage(page)->items.size(), 1U);
  EXPECT_EQ(ReadSandboxPage(page)->items[0].id(), "a");
  EXPECT_EQ(ReadSandboxPage(page)->next_cursor, "c");
  EXPECT_EQ(ReadNumberedSandboxPage(page)->items.size(), 1U);
  EXPECT_EQ(ReadSnapshotPage(page)->items.size(), 1U);
  EXPECT_EQ(ReadVolumes(page["items"])->size(), 1U);
}

TEST(ReadVolumesTest, RefusesWhatIsNoList) {
  for (const char* text : {"{}", "null", R"({"items": []})"}) {
    EXPECT_EQ(ErrorReason(ReadVolumes(Json::parse(text)).status()), "UPSTREAM_FOREIGN_ANSWER") << text;
  }
}

TEST(WriteNewSnapshotTest, SendsAnImageReferenceAsThePythonSdkDoes) {
  CreateSnapshot snapshot;
  snapshot.spec = FromText<v1::SnapshotSpec>(R"pb(
    name: "mysnap"
    image: "ubuntu:22.04"
    entrypoint: "sleep"
    entrypoint: "inf"
    resources { cpu: 1 memory_gib: 2 disk_gib: 3 })pb");
  EXPECT_EQ(WriteNewSnapshot(snapshot, "us").dump(),
            R"({"name":"mysnap","imageName":"ubuntu:22.04","entrypoint":["sleep","inf"],"cpu":1,"memory":2,"disk":3,)"
            R"("regionId":"us"})");
}

TEST(WriteNewSnapshotTest, SendsABuildWithoutTheEntrypointField) {
  CreateSnapshot snapshot;
  snapshot.spec = FromText<v1::SnapshotSpec>(
      R"pb(name: "s" dockerfile: "FROM x" entrypoint: "a" region_id: "eu" sandbox_class: SANDBOX_CLASS_LINUX_VM)pb");
  snapshot.build = ImageBuild{"FROM x\nENTRYPOINT [\"a\"]\n", std::vector<std::string>{"h"}};
  EXPECT_EQ(WriteNewSnapshot(snapshot, "us").dump(),
            R"({"name":"s","buildInfo":{"dockerfileContent":"FROM x\nENTRYPOINT [\"a\"]\n","contextHashes":["h"]},)"
            R"("regionId":"eu","sandboxClass":"linux-vm"})");
}

TEST(LabelsTextTest, IsOneJsonObject) {
  v1::SandboxFilter filter;
  (*filter.mutable_labels())["b"] = "q\"";
  (*filter.mutable_labels())["a"] = "ü";
  EXPECT_EQ(LabelsText(filter.labels()), R"({"a":"ü","b":"q\""})");
}

}  // namespace
}  // namespace daytonad
