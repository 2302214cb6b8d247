// The access log: who did what to which object, and how it ended.
#include <algorithm>
#include <iterator>
#include <sstream>
#include <vector>

#include "tests/integration/fixture.h"

namespace daytonad::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

class AccessLogTest : public IntegrationTest {
 protected:
  ProcessOptions daemon_options() override {
    ProcessOptions options = DaemonFor(emulator_->url());
    options.flags.insert(options.flags.end(),
                         {"--log-format", "json", "--log-level", log_level(), "--listen-read-only", "127.0.0.1:0"});
    return options;
  }
  virtual std::string log_level() { return "info"; }

  // The lines of one RPC, once there are `count`.
  std::vector<nlohmann::json> Lines(const std::string& method, size_t count) {
    std::vector<nlohmann::json> lines;
    EXPECT_TRUE(Eventually([&] {
      lines = LinesOf(method);
      return lines.size() >= count;
    })) << daemon_->log();
    EXPECT_EQ(lines.size(), count);
    lines.resize(count);
    return lines;
  }

  v1::GetSandboxResponse GetSandbox(const std::string& name) {
    return Call(sandboxes(), &v1::DaytonaService::Stub::GetSandbox,
                Parse<v1::GetSandboxRequest>("sandbox: '" + name + "'"))
        .value;
  }

 private:
  std::vector<nlohmann::json> LinesOf(const std::string& method) const {
    std::vector<nlohmann::json> lines;
    std::istringstream log(daemon_->log());
    for (std::string text; std::getline(log, text);) {
      nlohmann::json line = nlohmann::json::parse(text, nullptr, false);  // the last one may be half written
      if (!line.is_discarded() && line.value("message", "") == "call ended" &&
          line.value("method", "") == "daytonad.v1." + method) {
        lines.push_back(std::move(line));
      }
    }
    return lines;
  }
};

TEST_F(AccessLogTest, AMutationHasALineWithoutItsPayload) {
  const auto created = Call(sandboxes(), &v1::DaytonaService::Stub::CreateSandbox, Parse<v1::CreateSandboxRequest>(R"(
    spec { name: "box" env { key: "TOKEN" value: "payload-of-the-request" } }
    request_id: "id-1"
  )"));
  ASSERT_EQ(Outcome(created.error), "OK");
  const nlohmann::json line = Lines("DaytonaService/CreateSandbox", 1).at(0);
  EXPECT_EQ(line.at("level"), "info");
  EXPECT_EQ(line.at("object"), "box");
  EXPECT_EQ(line.at("request_id"), "id-1");
  EXPECT_EQ(line.at("status"), "OK");
  EXPECT_EQ(line.at("listener"), daemon_->addresses()[0]);
  EXPECT_EQ(line.at("client"), "unix");
  EXPECT_GE(std::stoi(line.at("upstream_attempts").get<std::string>()), 1);
  EXPECT_GE(std::stod(line.at("duration_ms").get<std::string>()), 0);
  EXPECT_THAT(daemon_->log(), Not(HasSubstr("payload-of-the-request")));
}

TEST_F(AccessLogTest, ErrorsHaveALineAndOtherReadsNone) {
  MakeSandbox(Parse<v1::SandboxSpec>(R"(name: "box")"));
  GetSandbox("box");
  EXPECT_EQ(GetSandbox("nope").sandbox().id(), "");
  const nlohmann::json line = Lines("DaytonaService/GetSandbox", 1).at(0);
  EXPECT_EQ(line.at("level"), "info");
  EXPECT_EQ(line.at("object"), "nope");
  EXPECT_EQ(line.at("status"), "NOT_FOUND");
  EXPECT_EQ(line.at("reason"), "SANDBOX_NOT_FOUND");
}

TEST_F(AccessLogTest, ADeniedCallSaysWhereItCameIn) {
  client_ = *client::Client::Connect(daemon_->addresses()[1]);
  const auto denied =
      Call(sandboxes(), &v1::DaytonaService::Stub::StopSandbox, Parse<v1::StopSandboxRequest>("sandbox: 'box'"));
  EXPECT_EQ(Outcome(denied.error), "PERMISSION_DENIED READ_ONLY_LISTENER");
  const nlohmann::json line = Lines("DaytonaService/StopSandbox", 1).at(0);
  EXPECT_EQ(line.at("reason"), "READ_ONLY_LISTENER");
  EXPECT_EQ(line.at("object"), "box");
  EXPECT_EQ(line.at("listener"), "127.0.0.1:0");
  EXPECT_EQ(line.at("client"), "127.0.0.1");
  EXPECT_EQ(line.at("upstream_attempts"), "0");
}

class DebugAccessLogTest : public AccessLogTest {
 protected:
  ProcessOptions daemon_options() override {
    ProcessOptions options = AccessLogTest::daemon_options();
    *std::next(std::ranges::find(options.flags, "--cache-lifetime")) = "1h";
    return options;
  }
  std::string log_level() override { return "debug"; }
};

TEST_F(DebugAccessLogTest, ReadsHaveALineThatSaysWhereTheAnswerCameFrom) {
  MakeSandbox(Parse<v1::SandboxSpec>(R"(name: "box")"));
  GetSandbox("box");
  Call(sandboxes(), &v1::DaytonaService::Stub::GetSandbox,
       Parse<v1::GetSandboxRequest>("sandbox: 'box' max_age { seconds: 0 }"));
  const std::vector<nlohmann::json> lines = Lines("DaytonaService/GetSandbox", 2);
  std::vector<std::string> ends;
  for (const nlohmann::json& line : lines) {
    EXPECT_EQ(line.at("object"), "box");
    ends.push_back(line.at("level").get<std::string>() + " " + line.at("status").get<std::string>() + " " +
                   line.at("cache").get<std::string>() + " " + line.at("upstream_attempts").get<std::string>());
  }
  EXPECT_THAT(ends, ElementsAre("debug OK hit 0", "debug OK bypass 1"));
}

}  // namespace
}  // namespace daytonad::testing
