#include "tests/integration/shared_state_fixture.h"

#include <csignal>
#include <regex>

namespace daytonad::testing {

void ReadCacheEntry(const grpc::ClientContext& context, std::string& source, double& age) {
  const auto& metadata = context.GetServerInitialMetadata();
  const auto [first, last] = metadata.equal_range("daytonad-cache");
  if (first == last) return;
  EXPECT_EQ(std::distance(first, last), 1);
  const std::string entry(first->second.data(), first->second.size());
  static const std::regex form(R"((hit|miss|coalesced|bypass);age=(\d+\.\d{3}))");
  std::smatch parts;
  ASSERT_TRUE(std::regex_match(entry, parts, form)) << entry;
  source = parts[1];
  age = std::stod(parts[2]);
}

void SharedStateTest::TearDown() {
  client_.reset();
  if (daemon_->running()) {
    daemon_->Signal(SIGTERM);
    EXPECT_EQ(daemon_->WaitForExit(), 0);
  }
  EXPECT_THAT(daemon_->log(), ::testing::Not(::testing::HasSubstr("work left")));
}

client::Client& SharedStateTest::somebody_else() {
  if (!other_client_.has_value()) {
    other_daemon_ = std::make_unique<DaemonProcess>(DaemonFor(emulator_->url()));
    EXPECT_TRUE(other_daemon_->running()) << other_daemon_->log();
    other_client_ = *client::Client::Connect(other_daemon_->addresses().front());
  }
  return *other_client_;
}

void SharedStateTest::AwaitEvents(int times) { AwaitLog("events of Daytona arrive", times); }

void SharedStateTest::AwaitLog(const std::string& text, int times) {
  const auto count = [&] {
    const std::string log = daemon_->log();
    int found = 0;
    for (size_t at = log.find(text); at != std::string::npos; at = log.find(text, at + 1)) ++found;
    return found;
  };
  ASSERT_TRUE(Eventually([&] { return count() >= times; })) << text << "\n" << daemon_->log();
}

}  // namespace daytonad::testing
