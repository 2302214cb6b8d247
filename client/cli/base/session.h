#ifndef DAYTONAD_CLIENT_CLI_BASE_SESSION_H_
#define DAYTONAD_CLIENT_CLI_BASE_SESSION_H_

#include <chrono>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <google/protobuf/message.h>
#include <grpcpp/client_context.h>

#include "client/cli/base/cancellation.h"
#include "client/cli/base/console.h"
#include "client/cli/base/table.h"
#include "client/cpp/client.h"

namespace daytonad::cli {

enum class OutputFormat {
  kTable,  // for people
  kJson,   // the RPC's response as proto JSON
  kName,   // one name a line
};

// The global flags.
struct GlobalOptions {
  std::string address;
  OutputFormat output = OutputFormat::kTable;
  std::optional<std::chrono::nanoseconds> deadline;  // unset: none
};

// One run of the program: makes its calls, prints their results, and turns failures into exit codes.
class Session {
 public:
  // `options.address` must be well-formed.
  Session(GlobalOptions options, Console& console, Cancellation& cancellation);

  const GlobalOptions& options() const { return options_; }
  Console& console() { return console_; }
  client::Client& client() { return client_; }
  // Later calls are made once, whatever health the daemon reports: for commands that ask for that health.
  void IgnoreServiceConfig();

  // Makes a call with the command line's deadline; a signal cancels it. `call` takes the context and returns the
  // result.
  template <typename MakeCall>
  auto Make(MakeCall&& call) {
    grpc::ClientContext context;
    Prepare(context);
    const Cancellation::Scope scope(cancellation_, context);
    return call(context);
  }

  // client::Call and client::Stream with that deadline and cancellation.
  template <typename Stub, typename Request, typename Response>
  client::Result<Response> Call(Stub& stub,
                                grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&, Response*),
                                const Request& request) {
    return Make([&](grpc::ClientContext& context) { return client::Call(stub, method, request, context); });
  }
  template <typename Stub, typename Request, typename Reader, typename OnMessage>
  std::optional<client::Error> Stream(Stub& stub, Reader (Stub::*method)(grpc::ClientContext*, const Request&),
                                      const Request& request, OnMessage&& on_message) {
    return Make([&](grpc::ClientContext& context) {
      return client::Stream(stub, method, request, context, std::forward<OnMessage>(on_message));
    });
  }

  // Prints a result in the wanted format and returns kExitOk.
  int Print(const google::protobuf::Message& response, const Table& table, const std::vector<std::string>& names);

  // Tells people that a list continues, and how to see the rest.
  template <typename ListResponse>
  void SayWhatFollows(const ListResponse& response) {
    if (options_.output == OutputFormat::kJson) return;
    if constexpr (requires { response.has_total_pages(); }) {
      if (response.has_total_pages()) {
        console_.err << "page " << response.page() << " of " << response.total_pages() << ", " << response.total_size()
                     << " in all\n";
      }
    }
    if (!response.next_page_token().empty()) {
      console_.err << "there is more: --all, or --page-token '" << response.next_page_token() << "'\n";
    }
  }

  // Prints an error and returns the exit code for it.
  int Fail(const client::Error& error);

 private:
  void Prepare(grpc::ClientContext& context) const;

  GlobalOptions options_;
  Console& console_;
  Cancellation& cancellation_;
  client::Client client_;
};

}  // namespace daytonad::cli

#endif  // DAYTONAD_CLIENT_CLI_BASE_SESSION_H_
