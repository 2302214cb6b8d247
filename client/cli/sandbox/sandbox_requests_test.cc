// The request that each `sandbox` command sends.
#include <gtest/gtest.h>

#include "client/cli/testing/request_fixture.h"
#include "daytonad/v1/daytona_service.pb.h"

namespace daytonad::cli {
namespace {

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

TEST_F(RequestTest, SizesMayHaveFractions) {
  EXPECT_EQ(Sent<v1::CreateSandboxStreamRequest>("CreateSandboxStream",
                                                 {"sandbox", "create", "--image", "a", "--cpu", "0.5"}),
            Golden<v1::CreateSandboxStreamRequest>(R"pb(spec {
                                                          image: "a"
                                                          resources { cpu: 0.5 }
                                                        })pb"));
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

TEST_F(RequestTest, SettingsOfASandbox) {
  EXPECT_EQ(Sent<v1::SetSandboxLabelsRequest>("SetSandboxLabels",
                                              {"sandbox", "set", "labels", "a", "--label", "k=v", "--request-id", "r"}),
            Golden<v1::SetSandboxLabelsRequest>(R"pb(sandbox: "a"
                                                     request_id: "r"
                                                     labels { key: "k" value: "v" })pb"));
  EXPECT_EQ(Sent<v1::SetSandboxAutoStopRequest>("SetSandboxAutoStop", {"sandbox", "set", "auto-stop", "a", "0"}),
            Golden<v1::SetSandboxAutoStopRequest>(R"pb(sandbox: "a" minutes: 0)pb"));
  EXPECT_EQ(Sent<v1::SetSandboxAutoPauseRequest>("SetSandboxAutoPause", {"sandbox", "set", "auto-pause", "a", "5"}),
            Golden<v1::SetSandboxAutoPauseRequest>(R"pb(sandbox: "a" minutes: 5)pb"));
  EXPECT_EQ(
      Sent<v1::SetSandboxAutoArchiveRequest>("SetSandboxAutoArchive", {"sandbox", "set", "auto-archive", "a", "60"}),
      Golden<v1::SetSandboxAutoArchiveRequest>(R"pb(sandbox: "a" minutes: 60)pb"));
  EXPECT_EQ(Sent<v1::SetSandboxAutoDeleteRequest>("SetSandboxAutoDelete", {"sandbox", "set", "auto-delete", "a", "-1"}),
            Golden<v1::SetSandboxAutoDeleteRequest>(R"pb(sandbox: "a" minutes: -1)pb"));
  EXPECT_EQ(Sent<v1::SetSandboxTtlRequest>("SetSandboxTtl", {"sandbox", "set", "ttl", "a", "90"}),
            Golden<v1::SetSandboxTtlRequest>(R"pb(sandbox: "a" minutes: 90)pb"));
  EXPECT_EQ(Sent<v1::SetSandboxPublicRequest>("SetSandboxPublic", {"sandbox", "set", "public", "a", "false"}),
            Golden<v1::SetSandboxPublicRequest>(R"pb(sandbox: "a" is_public: false)pb"));
  EXPECT_EQ(Sent<v1::RefreshSandboxActivityRequest>("RefreshSandboxActivity", {"sandbox", "refresh", "a"}),
            Golden<v1::RefreshSandboxActivityRequest>(R"pb(sandbox: "a")pb"));
}

TEST_F(RequestTest, TheNetworkOfASandbox) {
  const std::string method = "SetSandboxNetwork";
  using Request = v1::SetSandboxNetworkRequest;
  EXPECT_EQ(Sent<Request>(method, {"sandbox", "set", "network", "a", "--block-all"}),
            Golden<Request>(R"pb(sandbox: "a" network_block_all: true)pb"));
  EXPECT_EQ(Sent<Request>(method, {"sandbox", "set", "network", "a", "--allow-network", "10.0.0.0/8", "--any-domain"}),
            Golden<Request>(R"pb(sandbox: "a"
                                 network_allow_list { entries: "10.0.0.0/8" }
                                 domain_allow_list {})pb"));
  EXPECT_EQ(Sent<Request>(method, {"sandbox", "set", "network", "a", "--block-all=false", "--any-network",
                                   "--allow-domain", "a.b"}),
            Golden<Request>(R"pb(sandbox: "a"
                                 network_block_all: false
                                 network_allow_list {}
                                 domain_allow_list { entries: "a.b" })pb"));
}

TEST_F(RequestTest, WordsThatTheContractDoesNotKnowAreSentAsTexts) {
  EXPECT_EQ(
      Sent<v1::WaitSandboxRequest>("WaitSandbox",
                                   {"sandbox", "wait", "a", "--state", "hibernated", "--state", "stopped"}),
      Golden<v1::WaitSandboxRequest>(R"pb(sandbox: "a" states: SANDBOX_STATE_STOPPED state_texts: "hibernated")pb"));
  EXPECT_EQ(Sent<v1::CreateSandboxStreamRequest>("CreateSandboxStream", {"sandbox", "create", "--language", "ruby"}),
            Golden<v1::CreateSandboxStreamRequest>(R"pb(spec { language_text: "ruby" })pb"));
}

}  // namespace
}  // namespace daytonad::cli
