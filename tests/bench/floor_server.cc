// daytonad-floor-server: the bare cost of a gRPC call. A minimal callback server of the daemon's own stubs that answers
// from memory. The benchmark compares the daemon with it.
#include <grpcpp/health_check_service_interface.h>
#include <grpcpp/security/server_credentials.h>
#include <grpcpp/server.h>
#include <grpcpp/server_builder.h>

#include <CLI/CLI.hpp>
#include <fstream>
#include <functional>
#include <iostream>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "daytonad/v1/daytona_service.grpc.pb.h"

namespace daytonad::bench {
namespace {

// Sends a sandbox on a stream each time it is told to.
class WatchStream final : public grpc::ServerWriteReactor<v1::WatchSandboxResponse> {
 public:
  WatchStream(const v1::Sandbox& sandbox, std::string id, std::function<void(WatchStream*)> on_done)
      : on_done_(std::move(on_done)) {
    message_.set_sequence(1);
    *message_.mutable_sandbox() = sandbox;
    message_.mutable_sandbox()->set_id(std::move(id));
    Write();
  }

  void Tell(v1::SandboxState state) {
    const std::lock_guard lock(mutex_);
    message_.set_sequence(message_.sequence() + 1);
    message_.mutable_sandbox()->set_state(state);
    if (writing_) {
      again_ = true;
    } else {
      Write();
    }
  }

 private:
  void Write() {
    writing_ = true;
    StartWrite(&message_);
  }

  void OnWriteDone(bool ok) override {
    const std::lock_guard lock(mutex_);
    writing_ = false;
    if (ok && std::exchange(again_, false)) Write();
  }
  void OnCancel() override { Finish(grpc::Status::CANCELLED); }
  void OnDone() override {
    on_done_(this);
    delete this;
  }

  std::mutex mutex_;
  bool writing_ = false;
  bool again_ = false;
  v1::WatchSandboxResponse message_;
  const std::function<void(WatchStream*)> on_done_;
};

class FloorService final : public v1::DaytonaService::CallbackService {
 public:
  explicit FloorService(v1::Sandbox answer) : answer_(std::move(answer)) {}

  // The same sandbox for every caller, under the requested id.
  grpc::ServerUnaryReactor* GetSandbox(grpc::CallbackServerContext* context, const v1::GetSandboxRequest* request,
                                       v1::GetSandboxResponse* response) override {
    *response->mutable_sandbox() = answer_;
    response->mutable_sandbox()->set_id(request->sandbox());
    return Finish(context);
  }

  // Answered when the state changes, whichever state is wanted.
  grpc::ServerUnaryReactor* WaitSandbox(grpc::CallbackServerContext* context, const v1::WaitSandboxRequest* request,
                                        v1::WaitSandboxResponse* response) override {
    grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
    const std::lock_guard lock(mutex_);
    waiting_.push_back({reactor, request, response});
    return reactor;
  }

  grpc::ServerWriteReactor<v1::WatchSandboxResponse>* WatchSandbox(grpc::CallbackServerContext* /*context*/,
                                                                   const v1::WatchSandboxRequest* request) override {
    auto* stream = new WatchStream(answer_, request->sandbox(), [this](WatchStream* done) {
      const std::lock_guard lock(mutex_);
      watching_.erase(done);
    });
    const std::lock_guard lock(mutex_);
    watching_.insert(stream);
    return stream;
  }

  // These two stand for the changes upstream of the daemon: all waiters or watchers are told.
  grpc::ServerUnaryReactor* StopSandbox(grpc::CallbackServerContext* context, const v1::StopSandboxRequest*,
                                        v1::StopSandboxResponse*) override {
    TellAll(v1::SANDBOX_STATE_STOPPED);
    return Finish(context);
  }
  grpc::ServerUnaryReactor* StartSandbox(grpc::CallbackServerContext* context, const v1::StartSandboxRequest*,
                                         v1::StartSandboxResponse*) override {
    TellAll(v1::SANDBOX_STATE_STARTED);
    return Finish(context);
  }

 private:
  struct Waiting {
    grpc::ServerUnaryReactor* reactor;
    const v1::WaitSandboxRequest* request;
    v1::WaitSandboxResponse* response;
  };

  static grpc::ServerUnaryReactor* Finish(grpc::CallbackServerContext* context) {
    grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
    reactor->Finish(grpc::Status::OK);
    return reactor;
  }

  void TellAll(v1::SandboxState state) {
    const std::lock_guard lock(mutex_);
    for (const Waiting& call : std::exchange(waiting_, {})) {
      *call.response->mutable_sandbox() = answer_;
      call.response->mutable_sandbox()->set_id(call.request->sandbox());
      call.response->mutable_sandbox()->set_state(state);
      call.reactor->Finish(grpc::Status::OK);
    }
    for (WatchStream* stream : watching_) stream->Tell(state);
  }

  const v1::Sandbox answer_;
  std::mutex mutex_;
  std::vector<Waiting> waiting_;
  std::set<WatchStream*> watching_;
};

int Main(int argc, char** argv) {
  std::string listen;
  std::string answer_file;
  CLI::App app("A bare gRPC server, to compare daytonad with.", "daytonad-floor-server");
  app.add_option("--listen", listen, "where to serve: unix:PATH")->required();
  app.add_option("--answer", answer_file, "file with the answer, a serialised Sandbox")->required();
  CLI11_PARSE(app, argc, argv);

  v1::Sandbox answer;
  std::ifstream file(answer_file, std::ios::binary);
  if (!file || !answer.ParseFromIstream(&file)) {
    std::cerr << "daytonad-floor-server: " << answer_file << " holds no Sandbox\n";
    return 2;
  }
  grpc::EnableDefaultHealthCheckService(true);
  FloorService service(std::move(answer));
  grpc::ServerBuilder builder;
  builder.AddListeningPort(listen, grpc::InsecureServerCredentials());
  builder.RegisterService(&service);
  const std::unique_ptr<grpc::Server> server = builder.BuildAndStart();
  if (server == nullptr) {
    std::cerr << "daytonad-floor-server: cannot listen on " << listen << '\n';
    return 2;
  }
  server->Wait();  // until a signal ends the process
  return 0;
}

}  // namespace
}  // namespace daytonad::bench

int main(int argc, char** argv) { return daytonad::bench::Main(argc, argv); }
