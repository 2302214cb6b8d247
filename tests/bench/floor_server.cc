// daytonad-floor-server: what a gRPC call costs when there is nothing behind it. A bare callback server of the daemon's
// own stubs that answers GetSandbox from memory. The benchmark compares the daemon with it.
#include <grpcpp/health_check_service_interface.h>
#include <grpcpp/security/server_credentials.h>
#include <grpcpp/server.h>
#include <grpcpp/server_builder.h>

#include <CLI/CLI.hpp>
#include <fstream>
#include <iostream>
#include <memory>
#include <string>
#include <utility>

#include "daytonad/v1/daytona_service.grpc.pb.h"

namespace daytonad::bench {
namespace {

class FloorService final : public v1::DaytonaService::CallbackService {
 public:
  explicit FloorService(v1::GetSandboxResponse answer) : answer_(std::move(answer)) {}

  // The same sandbox for everybody, under the id that was asked for.
  grpc::ServerUnaryReactor* GetSandbox(grpc::CallbackServerContext* context, const v1::GetSandboxRequest* request,
                                       v1::GetSandboxResponse* response) override {
    *response = answer_;
    response->mutable_sandbox()->set_id(request->sandbox());
    grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
    reactor->Finish(grpc::Status::OK);
    return reactor;
  }

 private:
  const v1::GetSandboxResponse answer_;
};

int Main(int argc, char** argv) {
  std::string listen;
  std::string answer_file;
  CLI::App app("A bare gRPC server, to compare daytonad with.", "daytonad-floor-server");
  app.add_option("--listen", listen, "where to serve: unix:PATH")->required();
  app.add_option("--answer", answer_file, "file with the answer, a serialised GetSandboxResponse")->required();
  CLI11_PARSE(app, argc, argv);

  v1::GetSandboxResponse answer;
  std::ifstream file(answer_file, std::ios::binary);
  if (!file || !answer.ParseFromIstream(&file)) {
    std::cerr << "daytonad-floor-server: " << answer_file << " holds no GetSandboxResponse\n";
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
