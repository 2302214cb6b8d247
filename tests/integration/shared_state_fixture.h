#ifndef DAYTONAD_TESTS_INTEGRATION_SHARED_STATE_FIXTURE_H_
#define DAYTONAD_TESTS_INTEGRATION_SHARED_STATE_FIXTURE_H_

#include <algorithm>
#include <future>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "tests/integration/sandboxes_fixture.h"

namespace daytonad::testing {

// The outcome of a read, and what `daytonad-cache` said about it.
template <typename T>
struct Read {
  T object;
  std::string outcome;
  std::string source;  // "hit", ...; empty without such an entry
  double age = -1;     // seconds
};

// Splits "hit;age=1.250" in two. Fails the test if the form differs.
void ReadCacheEntry(const grpc::ClientContext& context, std::string& source, double& age);

// The maximum age of an answer, as in a request.
inline constexpr char kAskUpstream[] = "max_age {}";
inline constexpr char kUpToAnHour[] = "max_age { seconds: 3600 }";

// A stream of WatchSandbox, WatchSnapshot or WatchVolume, read message by message.
template <typename Response>
class WatchStream {
 public:
  template <typename Stub, typename Request>
  WatchStream(Stub& stub,
              std::unique_ptr<grpc::ClientReader<Response>> (Stub::*method)(grpc::ClientContext*, const Request&),
              const std::type_identity_t<Request>& request) {
    context_.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(100));
    reader_ = (stub.*method)(&context_, request);
  }

  // The next message; fails the test if the stream has ended instead.
  Response Next() {
    Response message;
    if (!reader_->Read(&message)) {
      ADD_FAILURE() << "the stream ended: " << End();
      return message;
    }
    return message;
  }
  // Reads until a message satisfies the predicate, and returns it.
  template <typename Wanted>
  Response NextThat(Wanted wanted) {
    Response message;
    while (reader_->Read(&message)) {
      if (wanted(message)) return message;
    }
    ADD_FAILURE() << "the stream ended: " << End();
    return message;
  }
  // The remaining messages, and how the stream ended.
  Streamed<Response> Rest() {
    Streamed<Response> rest;
    Response message;
    while (reader_->Read(&message)) rest.messages.push_back(message);
    const grpc::Status status = reader_->Finish();
    if (!status.ok()) rest.error = client::ErrorFrom(status);
    return rest;
  }
  std::string End() { return Outcome(Rest().error); }
  void HangUp() { context_.TryCancel(); }

 private:
  grpc::ClientContext context_;
  std::unique_ptr<grpc::ClientReader<Response>> reader_;
};

using SandboxWatch = WatchStream<v1::WatchSandboxResponse>;

// A daemon that shares its knowledge among its callers, as it does by default, and another client of the same account.
class SharedStateTest : public SandboxesTest {
 protected:
  using Snapshots = v1::SnapshotService::Stub;
  using Volumes = v1::VolumeService::Stub;

  ProcessOptions daemon_options() override {
    ProcessOptions options = PlainDaemonFor(emulator_->url());
    const std::vector<std::string> more = flags();
    options.flags.insert(options.flags.end(), more.begin(), more.end());
    return options;
  }
  // Also checks that a daemon whose callers have left is idle.
  void TearDown() override;
  // Beyond the defaults.
  virtual std::vector<std::string> flags() { return {}; }

  // Changes made through this happen behind the back of the tested daemon.
  client::Client& somebody_else();
  template <typename Action>
  auto AsSomebodyElse(Action action) {
    client::Client& other = somebody_else();
    std::swap(*client_, other);
    auto result = action();
    std::swap(*client_, other);
    return result;
  }

  // `more` are further fields of the request.
  Read<v1::Sandbox> ReadSandbox(const std::string& id_or_name, const std::string& more = "") {
    auto request = Parse<v1::GetSandboxRequest>(more);
    request.set_sandbox(id_or_name);
    return ReadObject(sandboxes(), &Stub::GetSandbox, request, &v1::GetSandboxResponse::sandbox);
  }
  Read<v1::Snapshot> ReadSnapshot(const std::string& id_or_name, const std::string& more = "") {
    auto request = Parse<v1::GetSnapshotRequest>(more);
    request.set_snapshot(id_or_name);
    return ReadObject(snapshots(), &Snapshots::GetSnapshot, request, &v1::GetSnapshotResponse::snapshot);
  }
  Read<v1::Volume> ReadVolume(const std::string& id_or_name, const std::string& more = "") {
    auto request = Parse<v1::GetVolumeRequest>(more);
    request.set_volume(id_or_name);
    return ReadObject(volumes(), &Volumes::GetVolume, request, &v1::GetVolumeResponse::volume);
  }
  template <typename S, typename Request, typename Response, typename T>
  static Read<T> ReadObject(S& stub, grpc::Status (S::*method)(grpc::ClientContext*, const Request&, Response*),
                            const Request& request, const T& (Response::*object)() const) {
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(100));
    const auto answer = client::Call(stub, method, request, context);
    Read<T> read;
    read.object = (answer.value.*object)();
    read.outcome = Outcome(answer.error);
    ReadCacheEntry(context, read.source, read.age);
    return read;
  }

  std::unique_ptr<SandboxWatch> WatchSandbox(const std::string& id_or_name) {
    v1::WatchSandboxRequest request;
    request.set_sandbox(id_or_name);
    return std::make_unique<SandboxWatch>(sandboxes(), &Stub::WatchSandbox, request);
  }

  // Makes a call whose request upstream answers with the present state, but withholds the answer until Release(). The
  // request is the next of this method whose path ends like this.
  template <typename Call>
  auto BeginHeld(const std::string& method, const std::string& path_end, Call call) {
    const int before = control().strikes();
    control().AddFault({{"method", method}, {"path_regex", path_end + "$"}, {"times", 1}},
                       {{"when", "after"}, {"hold", true}});
    auto running = std::async(std::launch::async, call);
    EXPECT_TRUE(Eventually([&] { return control().strikes() > before; }));
    return running;
  }
  void Release() { control().ClearFaults(); }

  // The requests about sandboxes sent upstream: reads of one, and lists.
  int SandboxReads() { return control().CountRequests("GET", "/api/sandbox"); }

  // Waits until the daemon has logged `times` times that events arrive.
  void AwaitEvents(int times = 1);
  void AwaitLog(const std::string& text, int times = 1);

 private:
  std::unique_ptr<DaemonProcess> other_daemon_;
  std::optional<client::Client> other_client_;
};

}  // namespace daytonad::testing

#endif  // DAYTONAD_TESTS_INTEGRATION_SHARED_STATE_FIXTURE_H_
