// Which request each command line makes.
#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "client/cli/base/exit_code.h"
#include "client/cli/testing/fake_daemon.h"
#include "client/cli/testing/run_command.h"
#include "daytonad/v1/build_service.pb.h"
#include "daytonad/v1/daytona_service.pb.h"
#include "daytonad/v1/snapshot_service.pb.h"
#include "daytonad/v1/volume_service.pb.h"
#include "grpc/health/v1/health.pb.h"

namespace daytonad::cli {
namespace {

class RequestTest : public testing::Test {
 protected:
  // What `arguments` send to `method`, as text. The call itself fails: there is no reply.
  template <typename Request>
  std::string Sent(const std::string& method, const std::vector<std::string>& arguments) {
    outcome_ = RunCommand(daemon_, arguments);
    EXPECT_EQ(daemon_.Requests(method).size(), 1U) << method << " was not called once: " << outcome_.err;
    Request request = daemon_.LastRequest<Request>(method);
    // Creates make themselves an id if they are given none.
    const bool given = std::ranges::find(arguments, "--request-id") != arguments.end();
    if constexpr (requires { request.spec(); }) {
      if (!given) {
        EXPECT_EQ(request.request_id().size(), 36U);
        request.clear_request_id();
      }
    }
    return request.DebugString();
  }

  FakeDaemon daemon_;
  CommandOutcome outcome_;
};

// The same message in the form that Sent() has.
template <typename Request>
std::string Golden(const std::string& text) {
  Request request;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &request)) << text;
  return request.DebugString();
}

TEST_F(RequestTest, SandboxCreateWithoutFlagsLeavesEverythingToTheDaemon) {
  EXPECT_EQ(Sent<v1::CreateSandboxStreamRequest>("CreateSandboxStream", {"sandbox", "create"}),
            Golden<v1::CreateSandboxStreamRequest>("spec {}"));
}

TEST_F(RequestTest, SandboxCreateMapsEveryFlag) {
  EXPECT_EQ(Sent<v1::CreateSandboxStreamRequest>("CreateSandboxStream", {"sandbox",
                                                                         "create",
                                                                         "demo",
                                                                         "--image",
                                                                         "python:3.12",
                                                                         "--language",
                                                                         "TypeScript",
                                                                         "--env",
                                                                         "A=1",
                                                                         "--env",
                                                                         "B=x=y",
                                                                         "--label",
                                                                         "k=",
                                                                         "--cpu",
                                                                         "2",
                                                                         "--memory",
                                                                         "4",
                                                                         "--disk",
                                                                         "8",
                                                                         "--gpu",
                                                                         "1",
                                                                         "--gpu-type",
                                                                         "h100",
                                                                         "--gpu-type",
                                                                         "RTX-PRO-6000",
                                                                         "--volume",
                                                                         "data:/mnt/data",
                                                                         "--volume",
                                                                         "v2:/b:sub/dir",
                                                                         "--auto-stop-minutes",
                                                                         "0",
                                                                         "--auto-pause-minutes",
                                                                         "5",
                                                                         "--auto-archive-minutes",
                                                                         "6",
                                                                         "--auto-delete-minutes",
                                                                         "-1",
                                                                         "--ttl-minutes",
                                                                         "60",
                                                                         "--ephemeral",
                                                                         "--public",
                                                                         "--target",
                                                                         "eu",
                                                                         "--network-block-all=false",
                                                                         "--network-allow",
                                                                         "10.0.0.0/8",
                                                                         "--domain-allow",
                                                                         "*.example.com",
                                                                         "--outbound-proxy",
                                                                         "http://p",
                                                                         "--otel-endpoint",
                                                                         "http://o",
                                                                         "--secret",
                                                                         "KEY=my-key",
                                                                         "--linked-sandbox",
                                                                         "other",
                                                                         "--spot",
                                                                         "--kvm",
                                                                         "--strict",
                                                                         "--queue-timeout-minutes",
                                                                         "7",
                                                                         "--user",
                                                                         "root",
                                                                         "--timeout",
                                                                         "1m30s",
                                                                         "--request-id",
                                                                         "r-1"}),
            Golden<v1::CreateSandboxStreamRequest>(R"pb(
              spec {
                name: "demo"
                language: CODE_LANGUAGE_TYPESCRIPT
                image: "python:3.12"
                resources {
                  cpu: 2
                  memory_gib: 4
                  disk_gib: 8
                  gpu: 1
                  gpu_types: [ GPU_TYPE_H100, GPU_TYPE_RTX_PRO_6000 ]
                }
                user: "root"
                env { key: "A" value: "1" }
                env { key: "B" value: "x=y" }
                labels { key: "k" value: "" }
                is_public: true
                target: "eu"
                auto_stop_minutes: 0
                auto_pause_minutes: 5
                auto_archive_minutes: 6
                auto_delete_minutes: -1
                ttl_minutes: 60
                ephemeral: true
                volumes { volume: "data" mount_path: "/mnt/data" }
                volumes { volume: "v2" mount_path: "/b" subpath: "sub/dir" }
                secrets { key: "KEY" value: "my-key" }
                network_block_all: false
                network_allow_list: "10.0.0.0/8"
                domain_allow_list: "*.example.com"
                outbound_proxy_url: "http://p"
                otel_endpoint_override: "http://o"
                linked_sandbox: "other"
                spot: true
                queue_timeout_minutes: 7
                kvm: true
                strict: true
              }
              request_id: "r-1"
              timeout { seconds: 90 })pb"));
}

TEST_F(RequestTest, AnUnknownGpuTypeGoesAsText) {
  EXPECT_EQ(Sent<v1::CreateSandboxStreamRequest>("CreateSandboxStream",
                                                 {"sandbox", "create", "--gpu-type", "H100", "--gpu-type", "GB9"}),
            Golden<v1::CreateSandboxStreamRequest>(R"pb(spec { resources { gpu_type_texts: [ "H100", "GB9" ] } })pb"));
}

TEST_F(RequestTest, SandboxCreateWithoutProgressIsOneCall) {
  EXPECT_EQ(Sent<v1::CreateSandboxRequest>("CreateSandbox",
                                           {"sandbox", "create", "--snapshot", "s", "--no-wait", "--timeout", "0"}),
            Golden<v1::CreateSandboxRequest>(R"pb(spec { snapshot: "s" }
                                                  timeout {}
                                                  wait: false)pb"));
}

TEST_F(RequestTest, QuietWaitsInOneCall) {
  EXPECT_EQ(Sent<v1::CreateSnapshotRequest>("CreateSnapshot", {"snapshot", "create", "s", "--image", "a:1", "-q"}),
            Golden<v1::CreateSnapshotRequest>(R"pb(spec { name: "s" image: "a:1" }
                                                   wait: true)pb"));
}

TEST_F(RequestTest, SnapshotCreateReadsTheDockerfile) {
  const std::filesystem::path file =
      std::filesystem::temp_directory_path() / ("Dockerfile." + std::to_string(getpid()));
  std::ofstream(file) << "FROM a\nRUN b\n";
  EXPECT_EQ(Sent<v1::CreateSnapshotStreamRequest>(
                "CreateSnapshotStream",
                {"snapshot", "create", "--name", "s", "--dockerfile", file.string(), "--entrypoint", "sleep",
                 "--entrypoint", "1", "--cpu", "1", "--region", "eu", "--class", "linux-vm", "--timeout", "0.5"}),
            Golden<v1::CreateSnapshotStreamRequest>(R"pb(
              spec {
                name: "s"
                dockerfile: "FROM a\nRUN b\n"
                entrypoint: [ "sleep", "1" ]
                resources { cpu: 1 }
                region_id: "eu"
                sandbox_class: SANDBOX_CLASS_LINUX_VM
              }
              timeout { nanos: 500000000 })pb"));
  std::filesystem::remove(file);
}

// A directory for one test.
class FilesTest : public RequestTest {
 protected:
  void SetUp() override {
    std::string pattern = std::filesystem::temp_directory_path() / "daytonactl-XXXXXX";
    directory_ = mkdtemp(pattern.data());
  }
  void TearDown() override { std::filesystem::remove_all(directory_); }

  std::string Write(const std::string& name, const std::string& text) const {
    const std::filesystem::path path = directory_ / name;
    std::filesystem::create_directories(path.parent_path());
    std::ofstream(path) << text;
    return path;
  }

  // The archive paths of the contexts that were uploaded.
  std::vector<std::string> ArchivePaths() {
    std::vector<std::string> paths;
    for (const std::string& bytes : daemon_.Requests("UploadBuildContext")) {
      v1::UploadBuildContextRequest request;
      request.ParseFromString(bytes);
      paths.push_back(request.header().archive_path());
    }
    return paths;
  }

  std::filesystem::path directory_;
};

TEST_F(FilesTest, AnImageIsReadAsJsonOrAsText) {
  const std::string golden = Golden<v1::CreateSnapshotStreamRequest>(R"pb(
    spec {
      name: "s"
      declarative_image {
        base_image: "debian:12"
        steps { workdir: "/srv" }
      }
    })pb");
  const std::string text = Write("image.txtpb", "# ours\nbase_image: 'debian:12' steps { workdir: '/srv' }\n");
  const std::string json =
      Write("image.json", " \n{\"base_image\": \"debian:12\", \"steps\": [{\"workdir\": \"/srv\"}]}");
  for (const std::string& file : {text, json}) {
    FakeDaemon daemon;
    RunCommand(daemon, {"snapshot", "create", "s", "--declarative", file});
    auto sent = daemon.LastRequest<v1::CreateSnapshotStreamRequest>("CreateSnapshotStream");
    sent.clear_request_id();  // made for each create
    EXPECT_EQ(sent.DebugString(), golden);
  }
}

TEST_F(FilesTest, AnImageThatDoesNotParseIsToldWithThePlace) {
  const std::string text = Write("image.txtpb", "base_image: 'debian:12'\nstep {}\n");
  CommandOutcome outcome = RunCommand(daemon_, {"sandbox", "create", "--declarative", text});
  EXPECT_EQ(outcome.exit_code, kExitUsage);
  EXPECT_NE(outcome.err.find("line 2, column 6: Message type \"daytonad.v1.Image\" has no field named \"step\""),
            std::string::npos)
      << outcome.err;
  outcome = RunCommand(daemon_, {"sandbox", "create", "--declarative", Write("image.json", "{\"base\": 1}")});
  EXPECT_EQ(outcome.exit_code, kExitUsage);
  EXPECT_NE(outcome.err.find("base"), std::string::npos) << outcome.err;
}

TEST_F(FilesTest, ContextUploadSendsPathSizeAndHashFirst) {
  const std::string file = Write("a.txt", "A\n");
  EXPECT_EQ(Sent<v1::UploadBuildContextRequest>(
                "UploadBuildContext", {"context", "upload", file, "--archive-path", "proj/a.txt", "--request-id", "r"}),
            Golden<v1::UploadBuildContextRequest>(R"pb(header {
                                                         archive_path: "proj/a.txt"
                                                         request_id: "r"
                                                         size: 2048
                                                         context_hash: "588dfc443731a8cab9e8083eebe9e423"
                                                       })pb"));
  RunCommand(daemon_, {"context", "upload", file});
  EXPECT_EQ(ArchivePaths().back(), file.substr(1));
}

TEST_F(FilesTest, ADockerfileHasLineFeedsWhateverTheFileHas) {
  const std::string dockerfile = Write("Dockerfile", "FROM a\r\nRUN b \\\r\n  c\rUSER d\n");
  EXPECT_EQ(Sent<v1::CreateSnapshotStreamRequest>("CreateSnapshotStream",
                                                  {"snapshot", "create", "s", "--dockerfile", dockerfile}),
            Golden<v1::CreateSnapshotStreamRequest>(
                R"pb(spec { name: "s" dockerfile: "FROM a\nRUN b \\\n  c\nUSER d\n" })pb"));
}

TEST_F(FilesTest, ADockerfileThatIsNotUtf8IsRefusedBeforeAnythingIsSent) {
  const std::string dockerfile = Write("Dockerfile", "FROM a\n# caf\xe9\n");
  const CommandOutcome outcome = RunCommand(daemon_, {"snapshot", "create", "s", "--dockerfile", dockerfile});
  EXPECT_EQ(outcome.exit_code, kExitUsage);
  EXPECT_NE(outcome.err.find("Dockerfile is not UTF-8 on line 2; save it as UTF-8"), std::string::npos) << outcome.err;
  EXPECT_TRUE(daemon_.Requests("CreateSnapshotStream").empty());
}

TEST_F(FilesTest, EachEntryOfADockerfilesContextIsUploaded) {
  const std::string dockerfile = Write("Dockerfile", "FROM a\nCOPY app /srv\n");
  Write("c/app/main.py", "1");
  Write("c/notes.txt", "2");
  Write("c/docs/a", "3");
  Write("c/node_modules/b", "4");
  Write("c/.dockerignore", "# not these\nnode_modules\ndocs\n!docs/kept\n*.txt\n");
  std::filesystem::create_symlink("app", directory_ / "c/link");
  for (const char* hash : {"h1", "h2", "h3"}) {
    v1::UploadBuildContextResponse uploaded;
    uploaded.set_context_hash(hash);
    daemon_.OnCall("UploadBuildContext", ReplyWith(uploaded));
  }
  EXPECT_EQ(
      Sent<v1::CreateSandboxStreamRequest>("CreateSandboxStream", {"sandbox", "create", "--dockerfile", dockerfile,
                                                                   "--context", directory_ / "c", "--cpu", "1"}),
      Golden<v1::CreateSandboxStreamRequest>(R"pb(
        spec {
          declarative_image {
            dockerfile { content: "FROM a\nCOPY app /srv\n" }
            context_hashes: [ "h1", "h2", "h3" ]
          }
          resources { cpu: 1 }
        })pb"));
  EXPECT_EQ(ArchivePaths(), (std::vector<std::string>{".dockerignore", "app", "link"}));
}

TEST_F(FilesTest, NothingIsCreatedWithoutItsContext) {
  const std::string dockerfile = Write("Dockerfile", "FROM a\n");
  Write("c/a", "1");
  const auto create = [&] {
    return RunCommand(daemon_,
                      {"snapshot", "create", "s", "-q", "--dockerfile", dockerfile, "--context", directory_ / "c"});
  };
  daemon_.OnCall("UploadBuildContext", FailWith(grpc::StatusCode::PERMISSION_DENIED, "no"));
  EXPECT_EQ(create().exit_code, kExitDenied);
  std::filesystem::create_symlink("/etc/hostname", directory_ / "c/link");
  const CommandOutcome outcome = create();
  EXPECT_EQ(outcome.exit_code, kExitInvalid);
  EXPECT_NE(outcome.err.find("c/link is a symbolic link that leads to nothing inside"), std::string::npos)
      << outcome.err;
  EXPECT_EQ(daemon_.Requests("CreateSnapshot").size(), 0U);
  EXPECT_EQ(
      RunCommand(daemon_, {"snapshot", "create", "s", "--dockerfile", dockerfile, "--context", "/nowhere"}).exit_code,
      kExitNotFound);
}

TEST_F(RequestTest, SandboxListMapsEveryFilter) {
  EXPECT_EQ(Sent<v1::ListSandboxesRequest>("ListSandboxes", {"sandbox",
                                                             "list",
                                                             "--id-prefix",
                                                             "a",
                                                             "--name-prefix",
                                                             "b",
                                                             "--label",
                                                             "k=v",
                                                             "--state",
                                                             "started",
                                                             "--state",
                                                             "brand-new",
                                                             "--snapshot",
                                                             "s",
                                                             "--target",
                                                             "eu",
                                                             "--class",
                                                             "container",
                                                             "--class",
                                                             "bsd",
                                                             "--min-cpu",
                                                             "1",
                                                             "--max-cpu",
                                                             "2",
                                                             "--min-memory",
                                                             "3",
                                                             "--max-memory",
                                                             "4",
                                                             "--min-disk",
                                                             "5",
                                                             "--max-disk",
                                                             "6",
                                                             "--public=false",
                                                             "--recoverable",
                                                             "--include-errored-deleted",
                                                             "--include-warm",
                                                             "--created-after",
                                                             "2026-01-01T00:00:00Z",
                                                             "--created-before",
                                                             "2026-01-01T00:00:01Z",
                                                             "--active-after",
                                                             "2026-01-01T00:00:02Z",
                                                             "--active-before",
                                                             "2026-01-01T00:00:03Z",
                                                             "--auto-destroy-after",
                                                             "2026-01-01T00:00:04Z",
                                                             "--auto-destroy-before",
                                                             "2026-01-01T00:00:05+00:00",
                                                             "--sort",
                                                             "name",
                                                             "--order",
                                                             "asc",
                                                             "--page-size",
                                                             "7",
                                                             "--page",
                                                             "2",
                                                             "--max-age",
                                                             "0"}),
            Golden<v1::ListSandboxesRequest>(R"pb(
              filter {
                id_prefix: "a"
                name_prefix: "b"
                labels { key: "k" value: "v" }
                states: SANDBOX_STATE_STARTED
                state_texts: "brand-new"
                snapshots: "s"
                targets: "eu"
                min_cpu: 1
                max_cpu: 2
                min_memory_gib: 3
                max_memory_gib: 4
                min_disk_gib: 5
                max_disk_gib: 6
                is_public: false
                is_recoverable: true
                created_at_after { seconds: 1767225600 }
                created_at_before { seconds: 1767225601 }
                last_activity_after { seconds: 1767225602 }
                last_activity_before { seconds: 1767225603 }
                auto_destroy_at_after { seconds: 1767225604 }
                auto_destroy_at_before { seconds: 1767225605 }
                include_errored_deleted: true
                include_warm: true
                sandbox_classes: SANDBOX_CLASS_CONTAINER
                sandbox_class_texts: "bsd"
              }
              max_age {}
              sort: SANDBOX_SORT_FIELD_NAME
              order: SORT_ORDER_ASC
              page_size: 7
              page: 2)pb"));
}

TEST_F(RequestTest, SandboxListAllStreams) {
  EXPECT_EQ(Sent<v1::StreamSandboxesRequest>(
                "StreamSandboxes", {"sandbox", "list", "--all", "--label", "k=v", "--sort", "cpu", "--page-size", "9"}),
            Golden<v1::StreamSandboxesRequest>(R"pb(
              filter { labels { key: "k" value: "v" } }
              sort: SANDBOX_SORT_FIELD_CPU
              page_size: 9)pb"));
}

TEST_F(RequestTest, OtherSandboxCommands) {
  EXPECT_EQ(Sent<v1::GetSandboxRequest>("GetSandbox", {"sandbox", "get", "a", "--max-age", "2s"}),
            Golden<v1::GetSandboxRequest>(R"pb(sandbox: "a"
                                               max_age { seconds: 2 })pb"));
  EXPECT_EQ(Sent<v1::FindSandboxRequest>("FindSandbox", {"sandbox", "find", "--label", "k=v"}),
            Golden<v1::FindSandboxRequest>(R"pb(labels { key: "k" value: "v" })pb"));
  EXPECT_EQ(Sent<v1::StartSandboxRequest>("StartSandbox", {"sandbox", "start", "a"}),
            Golden<v1::StartSandboxRequest>(R"pb(sandbox: "a")pb"));
  EXPECT_EQ(Sent<v1::StopSandboxRequest>("StopSandbox", {"sandbox", "stop", "a", "--force", "--no-wait"}),
            Golden<v1::StopSandboxRequest>(R"pb(sandbox: "a" force: true wait: false)pb"));
  EXPECT_EQ(Sent<v1::DeleteSandboxRequest>("DeleteSandbox", {"sandbox", "delete", "a", "--wait", "--request-id", "r"}),
            Golden<v1::DeleteSandboxRequest>(R"pb(sandbox: "a" wait: true request_id: "r")pb"));
  EXPECT_EQ(Sent<v1::WaitSandboxRequest>("WaitSandbox", {"sandbox", "wait", "a", "--state", "stopped", "--state",
                                                         "destroyed", "--timeout", "5m"}),
            Golden<v1::WaitSandboxRequest>(R"pb(
              sandbox: "a"
              states: [ SANDBOX_STATE_STOPPED, SANDBOX_STATE_DESTROYED ]
              timeout { seconds: 300 })pb"));
}

TEST_F(RequestTest, NamesMayBeWordsOfTheCommandLine) {
  EXPECT_EQ(Sent<v1::GetSandboxRequest>("GetSandbox", {"sandbox", "get", "volume"}),
            Golden<v1::GetSandboxRequest>(R"pb(sandbox: "volume")pb"));
  EXPECT_EQ(Sent<v1::GetSnapshotRequest>("GetSnapshot", {"snapshot", "get", "get"}),
            Golden<v1::GetSnapshotRequest>(R"pb(snapshot: "get")pb"));
  EXPECT_EQ(Sent<v1::GetVolumeRequest>("GetVolume", {"volume", "get", "--", "-v"}),
            Golden<v1::GetVolumeRequest>(R"pb(volume: "-v")pb"));
}

TEST_F(RequestTest, SnapshotCommands) {
  EXPECT_EQ(Sent<v1::ListSnapshotsRequest>(
                "ListSnapshots", {"snapshot", "list", "--name", "n", "--source-sandbox", "s", "--sort", "last-used-at",
                                  "--order", "desc", "--page-token", "t"}),
            Golden<v1::ListSnapshotsRequest>(R"pb(
              name: "n"
              sort: SNAPSHOT_SORT_FIELD_LAST_USED_AT
              order: SORT_ORDER_DESC
              page_token: "t"
              source_sandbox: "s")pb"));
  EXPECT_EQ(Sent<v1::ActivateSnapshotRequest>("ActivateSnapshot", {"snapshot", "activate", "a"}),
            Golden<v1::ActivateSnapshotRequest>(R"pb(snapshot: "a")pb"));
  EXPECT_EQ(Sent<v1::DeactivateSnapshotRequest>("DeactivateSnapshot", {"snapshot", "deactivate", "a"}),
            Golden<v1::DeactivateSnapshotRequest>(R"pb(snapshot: "a")pb"));
  EXPECT_EQ(Sent<v1::DeleteSnapshotRequest>("DeleteSnapshot", {"snapshot", "delete", "a", "--wait"}),
            Golden<v1::DeleteSnapshotRequest>(R"pb(snapshot: "a" wait: true)pb"));
  EXPECT_EQ(Sent<v1::StreamBuildLogsRequest>("StreamBuildLogs",
                                             {"snapshot", "logs", "--sandbox", "a", "--offset", "12", "--no-follow"}),
            Golden<v1::StreamBuildLogsRequest>(R"pb(sandbox: "a" offset: 12 follow: false)pb"));
}

TEST_F(RequestTest, WordsThatTheContractDoesNotKnowAreSentAsTexts) {
  EXPECT_EQ(
      Sent<v1::WaitSandboxRequest>("WaitSandbox",
                                   {"sandbox", "wait", "a", "--state", "hibernated", "--state", "stopped"}),
      Golden<v1::WaitSandboxRequest>(R"pb(sandbox: "a" states: SANDBOX_STATE_STOPPED state_texts: "hibernated")pb"));
  EXPECT_EQ(Sent<v1::CreateSandboxStreamRequest>("CreateSandboxStream", {"sandbox", "create", "--language", "ruby"}),
            Golden<v1::CreateSandboxStreamRequest>(R"pb(spec { language_text: "ruby" })pb"));
}

TEST_F(RequestTest, SizesMayHaveFractions) {
  EXPECT_EQ(Sent<v1::CreateSandboxStreamRequest>("CreateSandboxStream",
                                                 {"sandbox", "create", "--image", "a", "--cpu", "0.5"}),
            Golden<v1::CreateSandboxStreamRequest>(R"pb(spec {
                                                          image: "a"
                                                          resources { cpu: 0.5 }
                                                        })pb"));
}

TEST_F(RequestTest, SnapshotListAllStreams) {
  EXPECT_EQ(Sent<v1::StreamSnapshotsRequest>(
                "StreamSnapshots", {"snapshot", "list", "--all", "--name", "n", "--source-sandbox", "s", "--sort",
                                    "last-used-at", "--order", "desc", "--page-size", "9"}),
            Golden<v1::StreamSnapshotsRequest>(R"pb(
              name: "n"
              source_sandbox: "s"
              sort: SNAPSHOT_SORT_FIELD_LAST_USED_AT
              order: SORT_ORDER_DESC
              page_size: 9)pb"));
}

TEST_F(RequestTest, EveryMutationTakesARequestId) {
  const std::vector<std::vector<std::string>> mutations = {{"sandbox", "create"},
                                                           {"sandbox", "start", "a"},
                                                           {"sandbox", "stop", "a"},
                                                           {"sandbox", "delete", "a"},
                                                           {"snapshot", "create", "a", "--image", "b"},
                                                           {"snapshot", "activate", "a"},
                                                           {"snapshot", "deactivate", "a"},
                                                           {"snapshot", "delete", "a"},
                                                           {"volume", "create", "a"},
                                                           {"volume", "get", "a", "--create-if-missing"},
                                                           {"volume", "delete", "a"}};
  for (std::vector<std::string> line : mutations) {
    line.insert(line.end(), {"--request-id", "r"});
    EXPECT_NE(RunCommand(daemon_, line).exit_code, kExitUsage) << line[0] << " " << line[1];
  }
}

TEST_F(RequestTest, VolumeCommands) {
  EXPECT_EQ(Sent<v1::CreateVolumeRequest>("CreateVolume", {"volume", "create", "v", "--wait"}),
            Golden<v1::CreateVolumeRequest>(R"pb(name: "v" wait: true)pb"));
  EXPECT_EQ(Sent<v1::GetVolumeRequest>("GetVolume", {"volume", "get", "v", "--create-if-missing"}),
            Golden<v1::GetVolumeRequest>(R"pb(volume: "v" create_if_missing: true)pb"));
  EXPECT_EQ(Sent<v1::ListVolumesRequest>("ListVolumes", {"volume", "list", "--include-deleted", "--page-size", "3"}),
            Golden<v1::ListVolumesRequest>(R"pb(include_deleted: true page_size: 3)pb"));
  EXPECT_EQ(Sent<v1::DeleteVolumeRequest>("DeleteVolume", {"volume", "delete", "v", "--timeout", "1h"}),
            Golden<v1::DeleteVolumeRequest>(R"pb(volume: "v"
                                                 timeout { seconds: 3600 })pb"));
}

TEST_F(RequestTest, HealthAsksForOneService) {
  using grpc::health::v1::HealthCheckRequest;
  EXPECT_EQ(Sent<HealthCheckRequest>("Check", {"health", "daytonad.v1.VolumeService"}),
            Golden<HealthCheckRequest>(R"pb(service: "daytonad.v1.VolumeService")pb"));
  RunCommand(daemon_, {"health", "--upstream"});
  EXPECT_EQ(daemon_.LastRequest<HealthCheckRequest>("Check").service(), "upstream");
  RunCommand(daemon_, {"health"});
  EXPECT_EQ(daemon_.LastRequest<HealthCheckRequest>("Check").service(), "");
}

struct BadLine {
  std::vector<std::string> arguments;
  std::string message;
};

TEST(CommandLine, SaysWhatIsWrongWithIt) {
  const std::vector<BadLine> lines = {
      {{}, "error: a command is missing\n"},
      {{"sandbox"}, "error: a command is missing\n"},
      {{"sandbox", "crate"}, "\"crate\" is not known here"},
      {{"sandbox", "get"}, "SANDBOX is required"},
      {{"sandbox", "get", "a", "b"}, "\"b\" is not known here"},
      {{"sandbox", "create", "--frob"}, "\"--frob\" is not known here"},
      {{"sandbox", "create", "--env", "A"}, "\"A\" is not of the form KEY=VALUE"},
      {{"sandbox", "create", "--env", "=A"}, "\"=A\" is not of the form KEY=VALUE"},
      {{"sandbox", "create", "--volume", "data"}, "not of the form VOLUME:/MOUNT[:SUBPATH]"},
      {{"sandbox", "create", "--cpu", "two"}, "error: --cpu: \"two\" is no number\n"},
      {{"sandbox", "create", "--cpu", "nan"}, "error: --cpu: \"nan\" is no number\n"},
      {{"sandbox", "create", "--gpu", "0.5"}, "error: --gpu: \"0.5\" is no whole number\n"},
      {{"sandbox", "create", "--gpu", "99999999999"}, "error: --gpu: \"99999999999\" is no whole number\n"},
      {{"snapshot", "logs", "a", "--offset", "x"}, "error: --offset: \"x\" is no whole number\n"},
      {{"sandbox", "create", "--public=maybe"}, "error: --public: \"maybe\" is neither true nor false\n"},
      {{"sandbox", "list", "--all=maybe"}, "error: --all: \"maybe\" is neither true nor false\n"},
      {{"sandbox", "create", "--timeout", "soon"}, "\"soon\" is no duration"},
      {{"sandbox", "create", "--timeout", "-5s"}, "not between 0 and a hundred years"},
      {{"sandbox", "create", "--timeout", "nan"}, "not between 0 and a hundred years"},
      {{"sandbox", "create", "--dockerfile", "/does/not/exist"}, "can't read /does/not/exist"},
      {{"sandbox", "create", "--image", "a", "--snapshot", "b"}, "--image"},
      {{"sandbox", "create", "--declarative", "/does/not/exist"}, "can't read /does/not/exist"},
      {{"sandbox", "create", "--image", "a", "--context", "."}, "--context requires --dockerfile"},
      {{"snapshot", "create", "a", "--declarative", "/dev/null", "--image", "b"}, "--declarative"},
      {{"context", "upload"}, "PATH is required"},
      {{"context", "upload", ".."}, "\"..\" has no name inside a build context of its own: name one"},
      {{"context", "upload", "a", "b", "--archive-path", "c"}, "--archive-path goes with a single PATH"},
      {{"sandbox", "list", "--all", "--page", "2"}, "excludes"},
      {{"snapshot", "list", "--all", "--max-age", "2"}, "excludes"},
      {{"sandbox", "list", "--created-after", "yesterday"}, "\"yesterday\" is no time"},
      {{"snapshot", "create", "a"}, "--image"},
      {{"snapshot", "logs"}, "--sandbox"},
      {{"--output", "yaml", "version"}, "error: --output: \"yaml\" is none of table, json, name\n"},
      {{"version", "-o", "yaml"}, "error: --output: \"yaml\" is none of table, json, name\n"},
      {{"completion", "tcsh"}, "error: SHELL: \"tcsh\" is none of bash, zsh, fish\n"},
  };
  for (const BadLine& line : lines) {
    const CommandOutcome outcome = RunCommand("unix:/nowhere", line.arguments);
    EXPECT_EQ(outcome.exit_code, kExitUsage) << line.message;
    EXPECT_NE(outcome.err.find(line.message), std::string::npos) << line.message << "\n" << outcome.err;
    EXPECT_EQ(outcome.out, "");
  }
  EXPECT_EQ(RunCommand("nowhere", {"health"}).exit_code, kExitUsage);
}

}  // namespace
}  // namespace daytonad::cli
