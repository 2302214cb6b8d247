#ifndef DAYTONAD_CLIENT_CLI_TESTING_FAKE_DAEMON_H_
#define DAYTONAD_CLIENT_CLI_TESTING_FAKE_DAEMON_H_

#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include <google/protobuf/message.h>
#include <grpcpp/generic/async_generic_service.h>
#include <grpcpp/server.h>

#include "google/rpc/status.pb.h"

namespace daytonad::cli {

// What the fake daemon does with a call.
struct FakeReply {
  std::vector<std::string> messages;  // serialized, in the order in which they are sent
  grpc::Status status;
  bool hang = false;  // after the messages, stay open until the caller cancels
};

// A reply with these messages, then OK.
template <typename... Messages>
FakeReply ReplyWith(const Messages&... messages) {
  FakeReply reply;
  (reply.messages.push_back(messages.SerializeAsString()), ...);
  return reply;
}

// A reply that fails with a status and its google.rpc details.
FakeReply FailWith(grpc::StatusCode code, const std::string& message, const google::rpc::Status& details = {});

// A gRPC server on its own Unix socket. It answers every method of every service with the test's replies and records
// the requests. A method without a reply answers UNIMPLEMENTED.
class FakeDaemon {
 public:
  FakeDaemon();
  ~FakeDaemon();

  // "unix:/..."
  const std::string& address() const { return address_; }

  // Queues a reply for a method ("GetSandbox"). The last one answers all later calls.
  void OnCall(const std::string& method, FakeReply reply);

  // The last request to a method; an empty one if there was none.
  template <typename Request>
  Request LastRequest(const std::string& method) {
    Request request;
    const std::vector<std::string> all = Requests(method);
    if (!all.empty()) request.ParseFromString(all.back());
    return request;
  }
  std::vector<std::string> Requests(const std::string& method);

  // Wait until a call hangs after its last message, or until the server saw its cancellation. False after 30 s.
  bool WaitUntilHanging(const std::string& method);
  bool WaitUntilCancelled(const std::string& method);

 private:
  class Service;
  class Call;

  FakeReply TakeReply(const std::string& method, std::string request);
  void Note(std::map<std::string, int>& counts, const std::string& method);
  bool WaitFor(const std::map<std::string, int>& counts, const std::string& method);

  std::string directory_;
  std::string address_;
  std::unique_ptr<Service> service_;
  std::unique_ptr<grpc::Server> server_;

  std::mutex mutex_;
  std::condition_variable changed_;
  std::map<std::string, std::vector<FakeReply>> replies_;
  std::map<std::string, std::vector<std::string>> requests_;
  std::map<std::string, int> hanging_;
  std::map<std::string, int> cancelled_;
};

}  // namespace daytonad::cli

#endif  // DAYTONAD_CLIENT_CLI_TESTING_FAKE_DAEMON_H_
