#ifndef DAYTONAD_CLIENT_CLI_BASE_LIST_ALL_H_
#define DAYTONAD_CLIENT_CLI_BASE_LIST_ALL_H_

#include <google/protobuf/repeated_ptr_field.h>

#include "client/cli/base/exit_code.h"
#include "client/cli/base/json.h"
#include "client/cli/base/session.h"

namespace daytonad::cli {

// Prints everything that a streaming list sends: JSON and names at once, a table at the end, because alignment needs
// all rows. `get` returns the object in a message.
template <typename Stub, typename Reader, typename Request, typename Message, typename Resource>
int ListAll(Session& session, Stub& stub, Reader (Stub::*method)(grpc::ClientContext*, const Request&),
            const Request& request, const Resource& (Message::*get)() const,
            Table (*table)(const google::protobuf::RepeatedPtrField<Resource>&)) {
  google::protobuf::RepeatedPtrField<Resource> all;
  const auto error = session.Stream(stub, method, request, [&](const Message& message) {
    if (session.options().output == OutputFormat::kTable) {
      *all.Add() = (message.*get)();
    } else if (session.options().output == OutputFormat::kJson) {
      session.console().out << ToJson(message, /*pretty=*/false);
    } else {
      session.Print(message, Table(), {(message.*get)().name()});
    }
  });
  if (error.has_value()) return session.Fail(*error);
  if (session.options().output == OutputFormat::kTable)
    table(all).Print(session.console().out, session.console().width);
  return kExitOk;
}

}  // namespace daytonad::cli

#endif  // DAYTONAD_CLIENT_CLI_BASE_LIST_ALL_H_
