#ifndef DAYTONAD_DAEMON_SERVICES_RPC_TESTING_FAKE_RPC_H_
#define DAYTONAD_DAEMON_SERVICES_RPC_TESTING_FAKE_RPC_H_

#include <grpcpp/client_context.h>
#include <grpcpp/server.h>
#include <grpcpp/support/byte_buffer.h>
#include <gtest/gtest.h>

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "daemon/api/cached_reads.h"
#include "daemon/net/asio_clock.h"
#include "daemon/net/event_loop.h"
#include "daemon/services/rpc/call_record.h"
#include "daemon/services/rpc/rpc_runtime.h"
#include "daemon/services/rpc/service_table.h"
#include "daemon/services/rpc/testing/fake_service.grpc.pb.h"

namespace daytonad {

// A call record whose texts are its own.
struct KeptRecord {
  std::string method;
  Effect effect = Effect::kRead;
  Caller caller;
  std::string object;
  absl::Status status;
  Clock::Duration duration{};
  std::optional<ReadSource> read_source;
  int upstream_attempts = 0;
  std::string call_id;
  std::string request_id;
};

class FakeCallRecords final : public CallRecordSink {
 public:
  bool Wants(Effect effect, const absl::Status& status) const override {
    return wants == nullptr || wants(effect, status);
  }
  void Write(const CallRecord& record) override;

  // The next record that was not taken yet; waits for it.
  KeptRecord Take();
  bool empty();

  // Set before the first call; null: wants all.
  std::function<bool(Effect, const absl::Status&)> wants;

 private:
  std::mutex mutex_;
  std::condition_variable written_;
  std::vector<KeptRecord> records_;
};

// The handlers of the fake service. Each does what the test says; set before the method is called.
class FakeHandlers {
 public:
  // Handlers are not const: a table's rows point at them.
  // NOLINTBEGIN(readability-make-member-function-const)
  Task<absl::StatusOr<fake::GetResponse>> Get(CallContext context, fake::GetRequest request) {
    return get(std::move(context), std::move(request));
  }
  std::optional<CachedObject<fake::Thing>> FindCached(const fake::GetRequest& request) const { return find(request); }
  Task<absl::StatusOr<fake::ChangeResponse>> Change(CallContext context, fake::ChangeRequest request) {
    return change(std::move(context), std::move(request));
  }
  Task<absl::Status> Watch(CallContext context, fake::WatchRequest request, StreamWriter<fake::WatchResponse>* writer) {
    return watch(std::move(context), std::move(request), writer);
  }
  Task<absl::StatusOr<fake::UploadResponse>> Upload(CallContext context, StreamReader<fake::UploadRequest>* reader) {
    return upload(std::move(context), reader);
  }
  Task<absl::Status> Chat(CallContext context, StreamReader<fake::ChatRequest>* reader,
                          StreamWriter<fake::ChatResponse>* writer) {
    return chat(std::move(context), reader, writer);
  }
  // NOLINTEND(readability-make-member-function-const)

  std::function<Task<absl::StatusOr<fake::GetResponse>>(CallContext, fake::GetRequest)> get;
  std::function<std::optional<CachedObject<fake::Thing>>(const fake::GetRequest&)> find;
  std::function<Task<absl::StatusOr<fake::ChangeResponse>>(CallContext, fake::ChangeRequest)> change;
  std::function<Task<absl::Status>(CallContext, fake::WatchRequest, StreamWriter<fake::WatchResponse>*)> watch;
  std::function<Task<absl::StatusOr<fake::UploadResponse>>(CallContext, StreamReader<fake::UploadRequest>*)> upload;
  std::function<Task<absl::Status>(CallContext, StreamReader<fake::ChatRequest>*, StreamWriter<fake::ChatResponse>*)>
      chat;
};

// The fake service's table.
const ServiceTable<FakeHandlers>& FakeServiceTable();

// The fake service in a server of this process.
class RpcTest : public ::testing::Test {
 protected:
  // Before the test's own members go, which handlers use.
  void TearDown() override;

  // Starts the server; set handlers_, access_ and so on before.
  void Start();

  // Runs `fn` on the loop, and waits for it.
  void OnLoop(const std::function<void()>& fn);
  // Ends the calls in progress as a stopping daemon does.
  void BeginDrain();
  // Waits until `count` calls are in progress on the loop.
  void WaitForCalls(size_t count);

  // A call of a unary method with these bytes as its request.
  grpc::Status CallRaw(const std::string& method, const std::string& bytes);

  // The reason of a daemon's error; empty if it has none.
  static std::string ReasonOf(const grpc::Status& status);

  FakeHandlers handlers_;
  FakeCallRecords records_;
  AccessPolicy access_ = CheckAccess;
  CallGate::Limits limits_;
  std::string backend_ = "default";  // the only one
  Caller listener_{.listener = "unix:/fake.sock", .read_only = false};
  Clock::Duration max_wait_ = std::chrono::hours(24);

  AsioClock clock_;
  EventLoop loop_;
  CallRegistry calls_;
  std::optional<CallGate> gate_;
  UntakenAnswers answers_{UntakenAnswers::Limits()};
  std::optional<RpcRuntime> runtime_;
  std::unique_ptr<grpc::Service> service_;
  std::unique_ptr<grpc::Server> server_;
  std::shared_ptr<grpc::Channel> channel_;
  std::unique_ptr<fake::FakeService::Stub> stub_;
};

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_SERVICES_RPC_TESTING_FAKE_RPC_H_
