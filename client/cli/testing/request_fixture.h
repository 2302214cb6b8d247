#ifndef DAYTONAD_CLIENT_CLI_TESTING_REQUEST_FIXTURE_H_
#define DAYTONAD_CLIENT_CLI_TESTING_REQUEST_FIXTURE_H_

#include <algorithm>
#include <cstddef>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include <google/protobuf/text_format.h>
#include <gtest/gtest.h>

#include "client/cli/testing/fake_daemon.h"
#include "client/cli/testing/run_command.h"
#include "daytonad/v1/build_service.pb.h"

namespace daytonad::cli {

// Runs command lines against a fake daemon and shows the requests that they send.
class RequestTest : public testing::Test {
 protected:
  // The request that `arguments` send to `method`, as text. The call itself fails: there is no reply.
  template <typename Request>
  std::string Sent(const std::string& method, const std::vector<std::string>& arguments) {
    const size_t before = daemon_.Requests(method).size();
    outcome_ = RunCommand(daemon_, arguments);
    EXPECT_EQ(daemon_.Requests(method).size(), before + 1) << method << " was not called once: " << outcome_.err;
    auto request = daemon_.LastRequest<Request>(method);
    // A create without an id makes one.
    const bool given = std::ranges::find(arguments, "--request-id") != arguments.end();
    if constexpr (requires { request.spec(); }) {
      if (!given) {
        EXPECT_EQ(request.request_id().size(), 36U);
        request.clear_request_id();
      }
    }
    return request.DebugString();
  }

  FakeDaemon daemon_;
  CommandOutcome outcome_;
};

// The same message in the form that Sent() has.
template <typename Request>
std::string Golden(const std::string& text) {
  Request request;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &request)) << text;
  return request.DebugString();
}

// A directory for one test.
class FilesTest : public RequestTest {
 protected:
  void SetUp() override {
    std::string pattern = std::filesystem::temp_directory_path() / "daytonactl-XXXXXX";
    directory_ = mkdtemp(pattern.data());
  }
  void TearDown() override { std::filesystem::remove_all(directory_); }

  std::string Write(const std::string& name, const std::string& text) const {
    const std::filesystem::path path = directory_ / name;
    std::filesystem::create_directories(path.parent_path());
    std::ofstream(path) << text;
    return path;
  }

  // The archive paths of the uploaded contexts.
  std::vector<std::string> ArchivePaths() {
    std::vector<std::string> paths;
    for (const std::string& bytes : daemon_.Requests("UploadBuildContext")) {
      v1::UploadBuildContextRequest request;
      request.ParseFromString(bytes);
      paths.push_back(request.header().archive_path());
    }
    return paths;
  }

  std::filesystem::path directory_;
};

}  // namespace daytonad::cli

#endif  // DAYTONAD_CLIENT_CLI_TESTING_REQUEST_FIXTURE_H_
