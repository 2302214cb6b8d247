// What holds for every RPC alike: an object that does not exist, bad input, a credential that is refused, an upstream
// that fails, is gone or does not answer, callers that leave and callers that run out of time.
#include <google/protobuf/descriptor.h>

#include <algorithm>
#include <functional>
#include <iterator>
#include <ostream>
#include <set>
#include <sstream>
#include <thread>

#include "tests/integration/context_upload.h"
#include "tests/integration/fixture.h"

namespace daytonad::testing {
namespace {

using grpc::ClientContext;

// One RPC, called about `object`.
struct Rpc {
  const char* name;
  bool mutation;
  // Does it name an object that may be missing? A create does not.
  bool names_object;
  std::string not_found;
  std::function<grpc::Status(client::Client&, ClientContext&, const std::string& object)> call;
  // How its outcome begins when upstream is gone. Waits and some watches try again until their time is over.
  std::string when_upstream_is_gone = "UNAVAILABLE UPSTREAM_UNREACHABLE";
};

// What GoogleTest shows of a parameter.
void PrintTo(const Rpc& rpc, std::ostream* out) { *out << rpc.name; }

// Reads a stream to its end.
template <typename Response>
grpc::Status Drain(std::unique_ptr<grpc::ClientReader<Response>> reader) {
  Response message;
  while (reader->Read(&message)) {
  }
  return reader->Finish();
}

template <typename Request, typename Response>
auto SandboxRpc(grpc::Status (v1::DaytonaService::Stub::*method)(ClientContext*, const Request&, Response*)) {
  return [method](client::Client& client, ClientContext& context, const std::string& object) {
    Request request;
    request.set_sandbox(object);
    Response response;
    return (client.sandboxes().*method)(&context, request, &response);
  };
}
template <typename Request, typename Response>
auto SandboxRpc(std::unique_ptr<grpc::ClientReader<Response>> (v1::DaytonaService::Stub::*method)(ClientContext*,
                                                                                                  const Request&)) {
  return [method](client::Client& client, ClientContext& context, const std::string& object) {
    Request request;
    request.set_sandbox(object);
    return Drain((client.sandboxes().*method)(&context, request));
  };
}
template <typename Request, typename Response>
auto SnapshotRpc(grpc::Status (v1::SnapshotService::Stub::*method)(ClientContext*, const Request&, Response*)) {
  return [method](client::Client& client, ClientContext& context, const std::string& object) {
    Request request;
    request.set_snapshot(object);
    Response response;
    return (client.snapshots().*method)(&context, request, &response);
  };
}
template <typename Request, typename Response>
auto VolumeRpc(grpc::Status (v1::VolumeService::Stub::*method)(ClientContext*, const Request&, Response*)) {
  return [method](client::Client& client, ClientContext& context, const std::string& object) {
    Request request;
    request.set_volume(object);
    Response response;
    return (client.volumes().*method)(&context, request, &response);
  };
}

// A request that changes a setting of the sandbox, whichever it is.
template <typename Request, typename Response>
auto SettingRpc(grpc::Status (v1::DaytonaService::Stub::*method)(ClientContext*, const Request&, Response*)) {
  return [method](client::Client& client, ClientContext& context, const std::string& object) {
    Request request;
    request.set_sandbox(object);
    if constexpr (requires { request.set_minutes(5); }) request.set_minutes(5);
    if constexpr (requires { request.set_is_public(true); }) request.set_is_public(true);
    if constexpr (requires { request.set_network_block_all(true); }) request.set_network_block_all(true);
    Response response;
    return (client.sandboxes().*method)(&context, request, &response);
  };
}

// For an empty object a create gets a spec that is as wrong.
v1::SandboxSpec SandboxSpecFor(const std::string& object) {
  v1::SandboxSpec spec;
  spec.set_name(object);
  if (object.empty()) spec.set_auto_stop_minutes(-1);
  return spec;
}
v1::SnapshotSpec SnapshotSpecFor(const std::string& object) {
  v1::SnapshotSpec spec;
  spec.set_name(object);
  spec.set_image("debian:12");
  return spec;
}

// The RPCs that ask upstream.
std::vector<Rpc> UpstreamRpcs() {
  using Sandboxes = v1::DaytonaService::Stub;
  using Snapshots = v1::SnapshotService::Stub;
  using Volumes = v1::VolumeService::Stub;
  const std::string no_sandbox = "NOT_FOUND SANDBOX_NOT_FOUND";
  const std::string no_snapshot = "NOT_FOUND SNAPSHOT_NOT_FOUND";
  const std::string no_volume = "NOT_FOUND VOLUME_NOT_FOUND";
  return {
      {"CreateSandbox", true, false, "",
       [](client::Client& client, ClientContext& context, const std::string& object) {
         v1::CreateSandboxRequest request;
         *request.mutable_spec() = SandboxSpecFor(object);
         v1::CreateSandboxResponse response;
         return client.sandboxes().CreateSandbox(&context, request, &response);
       }},
      {"CreateSandboxStream", true, false, "",
       [](client::Client& client, ClientContext& context, const std::string& object) {
         v1::CreateSandboxStreamRequest request;
         *request.mutable_spec() = SandboxSpecFor(object);
         return Drain(client.sandboxes().CreateSandboxStream(&context, request));
       }},
      {"GetSandbox", false, true, no_sandbox, SandboxRpc(&Sandboxes::GetSandbox)},
      {"FindSandbox", false, true, no_sandbox, SandboxRpc(&Sandboxes::FindSandbox)},
      {"ListSandboxes", false, false, "",
       [](client::Client& client, ClientContext& context, const std::string& object) {
         v1::ListSandboxesRequest request;
         request.set_page_size(object.empty() ? 1'000'000 : 10);
         v1::ListSandboxesResponse response;
         return client.sandboxes().ListSandboxes(&context, request, &response);
       }},
      {"StartSandbox", true, true, no_sandbox, SandboxRpc(&Sandboxes::StartSandbox)},
      {"StopSandbox", true, true, no_sandbox, SandboxRpc(&Sandboxes::StopSandbox)},
      {"DeleteSandbox", true, true, no_sandbox, SandboxRpc(&Sandboxes::DeleteSandbox)},
      {"WaitSandbox", false, true, no_sandbox,
       [](client::Client& client, ClientContext& context, const std::string& object) {
         v1::WaitSandboxRequest request;
         request.set_sandbox(object);
         request.add_states(v1::SANDBOX_STATE_STARTED);
         request.mutable_timeout()->set_seconds(2);
         v1::WaitSandboxResponse response;
         return client.sandboxes().WaitSandbox(&context, request, &response);
       },
       "DEADLINE_EXCEEDED WAIT_TIMED_OUT"},
      {"WatchSandbox", false, true, no_sandbox, SandboxRpc(&Sandboxes::WatchSandbox), "DEADLINE_EXCEEDED"},
      {"StreamSandboxes", false, false, "",
       [](client::Client& client, ClientContext& context, const std::string& object) {
         v1::StreamSandboxesRequest request;
         request.set_page_size(object.empty() ? -1 : 10);
         return Drain(client.sandboxes().StreamSandboxes(&context, request));
       }},
      {"SetSandboxLabels", true, true, no_sandbox, SettingRpc(&Sandboxes::SetSandboxLabels)},
      {"SetSandboxAutoStop", true, true, no_sandbox, SettingRpc(&Sandboxes::SetSandboxAutoStop)},
      {"SetSandboxAutoPause", true, true, no_sandbox, SettingRpc(&Sandboxes::SetSandboxAutoPause)},
      {"SetSandboxAutoArchive", true, true, no_sandbox, SettingRpc(&Sandboxes::SetSandboxAutoArchive)},
      {"SetSandboxAutoDelete", true, true, no_sandbox, SettingRpc(&Sandboxes::SetSandboxAutoDelete)},
      {"SetSandboxTtl", true, true, no_sandbox, SettingRpc(&Sandboxes::SetSandboxTtl)},
      {"SetSandboxPublic", true, true, no_sandbox, SettingRpc(&Sandboxes::SetSandboxPublic)},
      {"SetSandboxNetwork", true, true, no_sandbox, SettingRpc(&Sandboxes::SetSandboxNetwork)},
      {"RefreshSandboxActivity", true, true, no_sandbox, SettingRpc(&Sandboxes::RefreshSandboxActivity)},
      {"CreateSnapshot", true, false, "",
       [](client::Client& client, ClientContext& context, const std::string& object) {
         v1::CreateSnapshotRequest request;
         *request.mutable_spec() = SnapshotSpecFor(object);
         v1::CreateSnapshotResponse response;
         return client.snapshots().CreateSnapshot(&context, request, &response);
       }},
      {"CreateSnapshotStream", true, false, "",
       [](client::Client& client, ClientContext& context, const std::string& object) {
         v1::CreateSnapshotStreamRequest request;
         *request.mutable_spec() = SnapshotSpecFor(object);
         return Drain(client.snapshots().CreateSnapshotStream(&context, request));
       }},
      {"GetSnapshot", false, true, no_snapshot, SnapshotRpc(&Snapshots::GetSnapshot)},
      {"ListSnapshots", false, false, "",
       [](client::Client& client, ClientContext& context, const std::string& object) {
         v1::ListSnapshotsRequest request;
         request.set_page(object.empty() ? 0 : 1);
         v1::ListSnapshotsResponse response;
         return client.snapshots().ListSnapshots(&context, request, &response);
       }},
      {"StreamSnapshots", false, false, "",
       [](client::Client& client, ClientContext& context, const std::string& object) {
         v1::StreamSnapshotsRequest request;
         request.set_page_size(object.empty() ? -1 : 10);
         return Drain(client.snapshots().StreamSnapshots(&context, request));
       }},
      {"ActivateSnapshot", true, true, no_snapshot, SnapshotRpc(&Snapshots::ActivateSnapshot)},
      {"DeactivateSnapshot", true, true, no_snapshot, SnapshotRpc(&Snapshots::DeactivateSnapshot)},
      {"DeleteSnapshot", true, true, no_snapshot, SnapshotRpc(&Snapshots::DeleteSnapshot)},
      {"WatchSnapshot", false, true, no_snapshot,
       [](client::Client& client, ClientContext& context, const std::string& object) {
         v1::WatchSnapshotRequest request;
         request.set_snapshot(object);
         return Drain(client.snapshots().WatchSnapshot(&context, request));
       },
       "DEADLINE_EXCEEDED"},
      {"StreamBuildLogs", false, true, no_snapshot,
       [](client::Client& client, ClientContext& context, const std::string& object) {
         v1::StreamBuildLogsRequest request;
         request.set_snapshot(object);
         return Drain(client.builds().StreamBuildLogs(&context, request));
       }},
      {"UploadBuildContext", true, false, "",
       [](client::Client& client, ClientContext& context, const std::string& object) {
         v1::UploadBuildContextResponse response;
         const auto writer = client.builds().UploadBuildContext(&context, &response);
         v1::UploadBuildContextRequest request;
         request.mutable_header()->set_archive_path(object);
         request.mutable_header()->set_context_hash(HashOfFile(object, "content"));
         writer->Write(request);
         request.set_data(FileTar(object, "content"));
         writer->Write(request);
         writer->WritesDone();
         return writer->Finish();
       }},
      {"CreateVolume", true, false, "",
       [](client::Client& client, ClientContext& context, const std::string& object) {
         v1::CreateVolumeRequest request;
         request.set_name(object);
         v1::CreateVolumeResponse response;
         return client.volumes().CreateVolume(&context, request, &response);
       }},
      {"GetVolume", false, true, no_volume, VolumeRpc(&Volumes::GetVolume)},
      {"ListVolumes", false, false, "",
       [](client::Client& client, ClientContext& context, const std::string& object) {
         v1::ListVolumesRequest request;
         request.set_page_size(object.empty() ? 201 : 10);
         v1::ListVolumesResponse response;
         return client.volumes().ListVolumes(&context, request, &response);
       }},
      {"DeleteVolume", true, true, no_volume, VolumeRpc(&Volumes::DeleteVolume)},
      {"WatchVolume", false, true, no_volume,
       [](client::Client& client, ClientContext& context, const std::string& object) {
         v1::WatchVolumeRequest request;
         request.set_volume(object);
         return Drain(client.volumes().WatchVolume(&context, request));
       }},
  };
}

// Those that the daemon answers alone, without input.
std::vector<Rpc> LocalRpcs() {
  return {
      {"GetDaemonInfo", false, false, "",
       [](client::Client& client, ClientContext& context, const std::string& /*object*/) {
         v1::GetDaemonInfoResponse response;
         return client.daemon().GetDaemonInfo(&context, {}, &response);
       }},
  };
}

std::vector<Rpc> EveryRpc() {
  std::vector<Rpc> rpcs = UpstreamRpcs();
  std::ranges::move(LocalRpcs(), std::back_inserter(rpcs));
  return rpcs;
}

TEST(EveryRpc, IsAMethodOfTheContractAndTheOtherWayRound) {
  std::set<std::string> methods;
  std::istringstream files(DAYTONAD_PROTO_FILES);  // the build lists the contract's files
  for (std::string name; std::getline(files, name, ',');) {
    const auto* const file = google::protobuf::DescriptorPool::generated_pool()->FindFileByName(name);
    ASSERT_NE(file, nullptr) << name;
    for (int i = 0; i < file->service_count(); ++i) {
      for (int k = 0; k < file->service(i)->method_count(); ++k) {
        EXPECT_TRUE(methods.insert(file->service(i)->method(k)->name()).second);
      }
    }
  }
  std::set<std::string> entries;
  for (const Rpc& rpc : EveryRpc()) EXPECT_TRUE(entries.insert(rpc.name).second) << rpc.name;
  EXPECT_EQ(entries, methods);
}

class EveryRpcTest : public IntegrationTest, public ::testing::WithParamInterface<Rpc> {
 protected:
  // What the RPC came to, "NOT_FOUND SANDBOX_NOT_FOUND".
  std::string CallWith(ClientContext& context, const std::string& object) {
    const grpc::Status status = GetParam().call(*client_, context, object);
    if (status.ok()) return "OK";
    error_ = client::ErrorFrom(status);
    return Outcome(error_);
  }
  std::string CallAbout(const std::string& object) {
    ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(100));
    return CallWith(context, object);
  }

  client::Error error_;
};

TEST_P(EveryRpcTest, AnObjectThatIsNotThere) {
  if (GetParam().names_object) {
    EXPECT_EQ(CallAbout("nope"), GetParam().not_found);
    EXPECT_EQ(error_.metadata["http_status"], "404");
  } else {
    EXPECT_EQ(CallAbout("something-new"), "OK");
  }
}

TEST_P(EveryRpcTest, BadInputIsRefusedBeforeAnythingIsSent) {
  EXPECT_EQ(CallAbout(""), "INVALID_ARGUMENT INVALID_REQUEST");
  EXPECT_FALSE(error_.violations.empty());
  EXPECT_EQ(control().Requests().size(), 0U);
}

TEST_P(EveryRpcTest, AnUpstreamErrorIsTold) {
  control().AddFault({{"path_regex", "^/api/"}}, {{"status", 500}, {"body", {{"message", "broken on purpose"}}}});
  EXPECT_EQ(CallAbout("thing"), "INTERNAL UPSTREAM_INTERNAL");
  EXPECT_EQ(error_.metadata["http_status"], "500");
  EXPECT_EQ(error_.metadata["upstream_message"], "broken on purpose");
}

TEST_P(EveryRpcTest, AnUpstreamThatIsGoneIsUnavailable) {
  emulator_->Stop();
  ClientContext context;
  const std::string& expected = GetParam().when_upstream_is_gone;
  const bool has_own_limit = expected == "DEADLINE_EXCEEDED WAIT_TIMED_OUT";
  context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(has_own_limit ? 20 : 3));
  EXPECT_THAT(CallWith(context, "thing"), ::testing::StartsWith(expected));
  if (!expected.starts_with("UNAVAILABLE")) return;
  // The daemon has retried, so its clients must not retry again.
  const auto pushback = context.GetServerTrailingMetadata().find("grpc-retry-pushback-ms");
  ASSERT_NE(pushback, context.GetServerTrailingMetadata().end());
  EXPECT_EQ(pushback->second, "-1");
}

TEST_P(EveryRpcTest, NonsenseFromUpstreamIsAnInternalErrorAndNoMore) {
  nlohmann::json match = {{"path_regex", "^/api/"}};
  // Of a change whose answer has no content, the look-up before it.
  if (std::string(GetParam().name) == "DeactivateSnapshot" || std::string(GetParam().name) == "DeleteSnapshot" ||
      std::string(GetParam().name) == "DeleteVolume") {
    match["method"] = "GET";
  }
  control().AddFault(match, {{"status", 200}, {"body", R"({"id": [1, {"a":)"}});
  EXPECT_EQ(CallAbout("thing"), "INTERNAL UPSTREAM_MALFORMED_RESPONSE");
  EXPECT_EQ(Health(""), "SERVING");
}

TEST_P(EveryRpcTest, ACallerThatLeavesEndsItsReadsButNotItsChanges) {
  // The first request is not answered until a test says so.
  control().AddFault({{"path_regex", "^/api/"}, {"times", 1}}, {{"hold", true}});
  ClientContext context;
  std::string outcome;
  std::thread caller([&] { outcome = CallWith(context, "thing"); });
  ASSERT_TRUE(Eventually([&] { return control().in_progress() == 1; }));
  context.TryCancel();
  caller.join();
  EXPECT_EQ(outcome, "CANCELLED CANCELLED");
  // A change of something whose id is not known begins with a read, which is a read.
  const bool change = control().Requests().at(0).at("method") != "GET";
  if (change) {
    // What is called later on the same connection is heard later: the daemon knows that the caller has left.
    EXPECT_EQ(Outcome(Call(volumes(), &v1::VolumeService::Stub::ListVolumes, {}).error), "OK");
    control().ClearFaults();
  }
  ASSERT_TRUE(Eventually([&] { return control().in_progress() == 0; }));
  const nlohmann::json request = control().Requests().at(0);
  EXPECT_EQ(control().clients_gone(), change ? 0 : 1);
  EXPECT_EQ(request.at("status").get<int>() > 0, change) << request;
}

TEST_P(EveryRpcTest, ACallerRunsOutOfTime) {
  control().AddFault({{"path_regex", "^/api/"}}, {{"hold", true}});
  ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + std::chrono::milliseconds(300));
  EXPECT_THAT(CallWith(context, "thing"), ::testing::StartsWith("DEADLINE_EXCEEDED"));
  if (GetParam().mutation) control().ClearFaults();  // a change that was sent is waited for
  EXPECT_TRUE(Eventually([&] { return control().in_progress() == 0; }));
}

TEST_P(EveryRpcTest, TheDaemonItselfKeepsTheDeadline) {
  control().AddFault({{"path_regex", "^/api/"}}, {{"hold", true}});
  ClientContext context;  // which has no deadline of its own, and so would wait for ever
  context.AddMetadata("grpc-timeout", "300m");
  // A reason is what only the daemon's own errors have.
  EXPECT_THAT(CallWith(context, "thing"), ::testing::MatchesRegex("DEADLINE_EXCEEDED [A-Z_]+"));
  control().ClearFaults();  // for changes that were sent, which the drain waits for
}

class WrongKeyTest : public EveryRpcTest {
 protected:
  ProcessOptions daemon_options() override { return DaemonFor(emulator_->url(), "not-the-key"); }
  bool waits_for_upstream() override { return false; }
};

TEST_P(WrongKeyTest, IsUnauthenticatedAndTheKeyIsNowhere) {
  EXPECT_EQ(CallAbout("thing"), "UNAUTHENTICATED UPSTREAM_REJECTED_CREDENTIAL");
  EXPECT_EQ(error_.message.find("not-the-key"), std::string::npos);
  EXPECT_EQ(daemon_->log().find("not-the-key"), std::string::npos);
}

class ReadOnlyTest : public EveryRpcTest {
 protected:
  ProcessOptions daemon_options() override {
    ProcessOptions options = DaemonFor(emulator_->url());
    options.flags.insert(options.flags.end(), {"--listen-read-only", "127.0.0.1:0"});
    return options;
  }
};

TEST_P(ReadOnlyTest, AReadOnlyListenerServesReadsAndNothingElse) {
  ASSERT_EQ(daemon_->addresses().size(), 2U);
  client_ = *client::Client::Connect(daemon_->addresses()[1]);
  const std::string outcome = CallAbout("thing");
  EXPECT_EQ(outcome == "PERMISSION_DENIED READ_ONLY_LISTENER", GetParam().mutation) << outcome;
}

class LocalRpcTest : public EveryRpcTest {};

TEST_P(LocalRpcTest, IsAnsweredWhateverHappensToUpstream) {
  control().AddFault({{"path_regex", "^/api/"}}, {{"hold", true}});
  EXPECT_EQ(CallAbout(""), "OK");
  EXPECT_EQ(control().Requests().size(), 0U);
  emulator_->Stop();
  EXPECT_EQ(CallAbout(""), "OK");
}

std::string NameOf(const ::testing::TestParamInfo<Rpc>& info) { return info.param.name; }
INSTANTIATE_TEST_SUITE_P(Rpc, EveryRpcTest, ::testing::ValuesIn(UpstreamRpcs()), NameOf);
INSTANTIATE_TEST_SUITE_P(Rpc, LocalRpcTest, ::testing::ValuesIn(LocalRpcs()), NameOf);
INSTANTIATE_TEST_SUITE_P(Rpc, WrongKeyTest, ::testing::ValuesIn(UpstreamRpcs()), NameOf);
INSTANTIATE_TEST_SUITE_P(Rpc, ReadOnlyTest, ::testing::ValuesIn(EveryRpc()), NameOf);

}  // namespace
}  // namespace daytonad::testing
