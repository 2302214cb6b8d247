// Calls into each library of the package, without connecting: the tests of the libraries show that calls work.
#include <fstream>
#include <iostream>
#include <string>

#include <daytonad/client/cpp/client.h>
#include <daytonad/client/cpp/context_upload.h>
#include <google/protobuf/descriptor.pb.h>

namespace {

int failures = 0;

void Expect(bool fulfilled, const std::string& what) {
  if (fulfilled) return;
  std::cerr << what << "\n";
  ++failures;
}

}  // namespace

int main() {
  const auto client = daytonad::client::Client::Connect("unix:/nonexistent/daytonad.sock");
  Expect(client.ok(), "client: no channel for a valid address");

  const daytonad::client::ContextSource missing{"/nonexistent/file", "file", {}};
  Expect(!daytonad::client::PackContext(missing).ok(), "client_upload: packed a file that does not exist");

  google::protobuf::FileDescriptorSet contract;
  std::ifstream file(DESCRIPTOR_SET, std::ios::binary);
  Expect(contract.ParseFromIstream(&file), "descriptor set: does not parse");
  bool found = false;
  for (const auto& proto : contract.file()) found = found || proto.name() == "daytonad/v1/daytona_service.proto";
  Expect(found, "descriptor set: has no daytonad/v1/daytona_service.proto");
  return failures;
}
