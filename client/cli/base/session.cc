#include "client/cli/base/session.h"

#include <chrono>
#include <string>
#include <utility>
#include <vector>

#include "client/cli/base/error_text.h"
#include "client/cli/base/exit_code.h"
#include "client/cli/base/json.h"
#include "client/cli/base/text.h"

namespace daytonad::cli {

Session::Session(GlobalOptions options, Console& console, Cancellation& cancellation)
    : options_(std::move(options)),
      console_(console),
      cancellation_(cancellation),
      client_(*client::Client::Connect(options_.address)) {}

void Session::IgnoreServiceConfig() {
  client::ConnectOptions options;
  options.with_service_config = false;
  client_ = *client::Client::Connect(options_.address, options);
}

void Session::Prepare(grpc::ClientContext& context) const {
  if (options_.deadline.has_value()) {
    context.set_deadline(std::chrono::system_clock::now() + *options_.deadline);
  }
}

int Session::Print(const google::protobuf::Message& response, const Table& table,
                   const std::vector<std::string>& names) {
  switch (options_.output) {
    case OutputFormat::kTable:
      table.Print(console_.out, console_.width);
      break;
    case OutputFormat::kJson:
      console_.out << ToJson(response, /*pretty=*/true);
      break;
    case OutputFormat::kName:
      for (const std::string& name : names) console_.out << Printable(name) << '\n';
      break;
  }
  return kExitOk;
}

int Session::Fail(const client::Error& error) {
  const int signal = cancellation_.signal();
  client::Error shown = error;
  if (signal != 0 && error.code == grpc::StatusCode::CANCELLED) {
    shown.message = "interrupted";
  } else {
    const bool was_connected = client_.channel()->GetState(/*try_to_connect=*/false) == GRPC_CHANNEL_IDLE;
    shown = ExplainConnection(std::move(shown), options_.address, was_connected);
  }
  console_.err << (options_.output == OutputFormat::kJson ? ErrorToJson(shown) : ErrorToText(shown)) << std::flush;
  return signal != 0 ? kExitSignalBase + signal : ExitCodeOf(error.code);
}

}  // namespace daytonad::cli
