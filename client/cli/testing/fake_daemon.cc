#include "client/cli/testing/fake_daemon.h"

#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <mutex>
#include <string>
#include <utility>

#include <grpc/grpc.h>
#include <grpcpp/generic/async_generic_service.h>
#include <grpcpp/security/server_credentials.h>
#include <grpcpp/server_builder.h>
#include <grpcpp/support/byte_buffer.h>

namespace daytonad::cli {
namespace {

std::string ToString(const grpc::ByteBuffer& buffer) {
  grpc::Slice slice;
  if (!buffer.DumpToSingleSlice(&slice).ok()) return "";
  return std::string(reinterpret_cast<const char*>(slice.begin()), slice.size());
}

}  // namespace

FakeReply FailWith(grpc::StatusCode code, const std::string& message, const google::rpc::Status& details) {
  FakeReply reply;
  reply.status = grpc::Status(code, message, details.SerializeAsString());
  return reply;
}

// One call: reads its request, writes the messages of its reply one by one, then ends or hangs.
class FakeDaemon::Call : public grpc::ServerGenericBidiReactor {
 public:
  Call(FakeDaemon* daemon, const std::string& path) : daemon_(daemon), method_(path.substr(path.rfind('/') + 1)) {
    StartRead(&request_);
  }

  void OnReadDone(bool ok) override {
    if (!ok) return FinishOnce(grpc::Status(grpc::StatusCode::INTERNAL, "no request"));
    reply_ = daemon_->TakeReply(method_, ToString(request_));
    GoOn();
  }

  void OnWriteDone(bool ok) override {
    if (!ok) return FinishOnce(grpc::Status::CANCELLED);
    GoOn();
  }

  void OnCancel() override {
    daemon_->Note(daemon_->cancelled_, method_);
    cancelled_ = true;
    if (hanging_) FinishOnce(grpc::Status::CANCELLED);
  }

  void OnDone() override { delete this; }

 private:
  void GoOn() {
    if (next_ < reply_.messages.size()) {
      const grpc::Slice slice(reply_.messages[next_++]);
      message_ = grpc::ByteBuffer(&slice, 1);
      return StartWrite(&message_);
    }
    if (!reply_.hang) return FinishOnce(reply_.status);
    hanging_ = true;
    daemon_->Note(daemon_->hanging_, method_);
    if (cancelled_) FinishOnce(grpc::Status::CANCELLED);
  }

  void FinishOnce(const grpc::Status& status) {
    if (!finished_.exchange(true)) Finish(status);
  }

  FakeDaemon* daemon_;
  const std::string method_;
  grpc::ByteBuffer request_;
  grpc::ByteBuffer message_;
  FakeReply reply_;
  std::size_t next_ = 0;
  std::atomic<bool> hanging_ = false;
  std::atomic<bool> cancelled_ = false;
  std::atomic<bool> finished_ = false;
};

class FakeDaemon::Service : public grpc::CallbackGenericService {
 public:
  explicit Service(FakeDaemon* daemon) : daemon_(daemon) {}

  grpc::ServerGenericBidiReactor* CreateReactor(grpc::GenericCallbackServerContext* context) override {
    return new Call(daemon_, context->method());
  }

 private:
  FakeDaemon* daemon_;
};

FakeDaemon::FakeDaemon() {
  // Keeps gRPC initialised: when its last user goes, gRPC 1.51 may wait ten seconds for a connection whose peer died
  // during a write.
  static const bool kStaysInUse = (grpc_init(), true);
  (void)kStaysInUse;
  std::string name = (std::filesystem::temp_directory_path() / "fake-daemon-XXXXXX").string();
  directory_ = mkdtemp(name.data());
  address_ = "unix:" + directory_ + "/d.sock";
  service_ = std::make_unique<Service>(this);
  grpc::ServerBuilder builder;
  builder.AddListeningPort(address_, grpc::InsecureServerCredentials());
  builder.RegisterCallbackGenericService(service_.get());
  server_ = builder.BuildAndStart();
}

FakeDaemon::~FakeDaemon() {
  server_->Shutdown(std::chrono::system_clock::now());
  server_->Wait();
  std::filesystem::remove_all(directory_);
}

void FakeDaemon::OnCall(const std::string& method, FakeReply reply) {
  const std::lock_guard lock(mutex_);
  replies_[method].push_back(std::move(reply));
}

std::vector<std::string> FakeDaemon::Requests(const std::string& method) {
  const std::lock_guard lock(mutex_);
  return requests_[method];
}

FakeReply FakeDaemon::TakeReply(const std::string& method, std::string request) {
  const std::lock_guard lock(mutex_);
  requests_[method].push_back(std::move(request));
  std::vector<FakeReply>& replies = replies_[method];
  if (replies.empty()) return FailWith(grpc::StatusCode::UNIMPLEMENTED, "the test has no reply for " + method);
  FakeReply reply = replies.front();
  if (replies.size() > 1) replies.erase(replies.begin());
  return reply;
}

void FakeDaemon::Note(std::map<std::string, int>& counts, const std::string& method) {
  const std::lock_guard lock(mutex_);
  ++counts[method];
  changed_.notify_all();
}

bool FakeDaemon::WaitFor(const std::map<std::string, int>& counts, const std::string& method) {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, std::chrono::seconds(30), [&] { return counts.contains(method); });
}

bool FakeDaemon::WaitUntilHanging(const std::string& method) { return WaitFor(hanging_, method); }

bool FakeDaemon::WaitUntilCancelled(const std::string& method) { return WaitFor(cancelled_, method); }

}  // namespace daytonad::cli
