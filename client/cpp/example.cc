// Creates a sandbox, shows it and deletes it.
//
//   daytonad-cpp-example [SNAPSHOT]
//
// The daemon's address is taken from DAYTONAD_ADDRESS.
#include <chrono>
#include <iostream>
#include <string>

#include "client/cpp/client.h"

namespace {

using daytonad::client::Client;
using daytonad::client::Error;
using daytonad::v1::DaytonaService;

int Fail(const std::string& what, const Error& error) {
  std::cerr << what << ": " << error.message << " (" << daytonad::client::CodeName(error.code) << ", " << error.reason
            << ")\n";
  return 1;
}

}  // namespace

int main(int argc, char** argv) {
  auto client = Client::Connect(daytonad::client::DefaultAddress());
  if (!client.ok()) {
    std::cerr << client.status().message() << "\n";
    return 2;
  }

  daytonad::v1::CreateSandboxRequest create;
  if (argc > 1) create.mutable_spec()->set_snapshot(argv[1]);
  (*create.mutable_spec()->mutable_labels())["made-by"] = "cpp-example";
  grpc::ClientContext create_context;
  create_context.set_deadline(std::chrono::system_clock::now() + std::chrono::minutes(2));
  const auto created =
      daytonad::client::Call(client->sandboxes(), &DaytonaService::Stub::CreateSandbox, create, create_context);
  if (!created.ok()) return Fail("create", *created.error);
  const daytonad::v1::Sandbox& sandbox = created.value.sandbox();
  std::cout << "sandbox " << sandbox.name() << " is " << sandbox.state_text() << "\n";

  daytonad::v1::DeleteSandboxRequest remove;
  remove.set_sandbox(sandbox.id());
  remove.set_wait(true);
  grpc::ClientContext remove_context;
  const auto removed =
      daytonad::client::Call(client->sandboxes(), &DaytonaService::Stub::DeleteSandbox, remove, remove_context);
  if (!removed.ok()) return Fail("delete", *removed.error);
  std::cout << "sandbox " << sandbox.name() << " is " << removed.value.sandbox().state_text() << "\n";
  return 0;
}
