// Limits on what one client takes of the daemon: connections, calls, bytes, memory. Other clients are still served.
#include <grpcpp/create_channel.h>
#include <grpcpp/security/credentials.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <deque>

#include "tests/integration/shared_state_fixture.h"

namespace daytonad::testing {
namespace {

using ::testing::HasSubstr;

constexpr char kPreface[] = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
enum FrameType : char { kData = 0, kHeaders = 1, kSettings = 4 };
constexpr char kEndStream = 1;
constexpr char kEndHeaders = 4;

std::string Frame(FrameType type, char flags, uint32_t stream, const std::string& payload) {
  std::string frame;
  for (const int shift : {16, 8, 0}) frame += static_cast<char>(payload.size() >> shift);
  frame += type;
  frame += flags;
  for (const int shift : {24, 16, 8, 0}) frame += static_cast<char>(stream >> shift);
  return frame + payload;
}

// A header encoded in HPACK as a literal that is not indexed.
std::string Header(const std::string& name, const std::string& value) {
  return std::string(1, '\0') + static_cast<char>(name.size()) + name + static_cast<char>(value.size()) + value;
}

std::string CallHeaders(const std::string& path) {
  return Header(":method", "POST") + Header(":scheme", "http") + Header(":path", path) + Header(":authority", "x") +
         Header("te", "trailers") + Header("content-type", "application/grpc");
}

// A client that writes arbitrary frames.
class RawClient {
 public:
  explicit RawClient(const std::string& address) : fd_(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_un unix_address{};
    unix_address.sun_family = AF_UNIX;
    address.copy(unix_address.sun_path, sizeof(unix_address.sun_path) - 1, std::string("unix:").size());
    EXPECT_EQ(::connect(fd_, reinterpret_cast<const sockaddr*>(&unix_address), sizeof(unix_address)), 0);
    Send(kPreface + Frame(kSettings, 0, 0, ""));
  }
  RawClient(const RawClient&) = delete;
  RawClient& operator=(const RawClient&) = delete;
  ~RawClient() { ::close(fd_); }

  // False once the daemon has closed the connection.
  bool Send(const std::string& bytes) const {
    size_t sent = 0;
    while (sent < bytes.size()) {
      const ssize_t count = ::send(fd_, bytes.data() + sent, bytes.size() - sent, MSG_NOSIGNAL);
      if (count <= 0) return false;
      sent += static_cast<size_t>(count);
    }
    return true;
  }
  // Waits for the daemon's first bytes or the end of the connection; true for bytes.
  bool IsServed() const {
    char byte = 0;
    return ::recv(fd_, &byte, 1, 0) == 1;
  }

 private:
  int fd_;
};

class ClientLimitsTest : public SharedStateTest {
 protected:
  void SetUp() override {
    SharedStateTest::SetUp();
    sandbox_ = MakeSandbox();
  }

  // A client with a connection of its own and without retries, which would hide a refusal.
  std::unique_ptr<v1::DaytonaService::Stub> NewClient(size_t listener = 0) const {
    grpc::ChannelArguments arguments;
    arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
    return v1::DaytonaService::NewStub(
        grpc::CreateCustomChannel(daemon_->addresses()[listener], grpc::InsecureChannelCredentials(), arguments));
  }
  std::string Get(v1::DaytonaService::Stub& stub) const {
    v1::GetSandboxRequest request;
    request.set_sandbox(sandbox_.id());
    return Outcome(Call(stub, &v1::DaytonaService::Stub::GetSandbox, request).error);
  }
  // A new client is served eventually: a closed connection still counts for a moment.
  bool ANewClientIsServed() const {
    return Eventually([&] { return Get(*NewClient()) == "OK"; });
  }

  v1::Sandbox sandbox_;
};

// --- Connections ---

class FewConnectionsTest : public ClientLimitsTest {
 protected:
  std::vector<std::string> flags() override { return {"--max-client-connections", "20", "--events", "off"}; }
};

TEST_F(FewConnectionsTest, ExcessConnectionsAreClosedUntilOthersLeave) {
  std::deque<RawClient> clients;
  int served = 0;
  for (int i = 0; i < 40; ++i) {
    if (clients.emplace_back(daemon_->addresses().front()).IsServed()) ++served;
  }
  // The fixture's client has one, and at times the daemon's own check of its listener has one.
  EXPECT_GE(served, 18);
  EXPECT_LT(served, 20);
  EXPECT_EQ(Get(sandboxes()), "OK");
  EXPECT_TRUE(Eventually([&] { return daemon_->log().find("--max-client-connections is 20") != std::string::npos; }));
  clients.clear();
  EXPECT_TRUE(ANewClientIsServed());
}

class ConnectionsOfAUserTest : public ClientLimitsTest {
 protected:
  std::vector<std::string> flags() override { return {"--max-client-connections-per-user", "5", "--events", "off"}; }
};

TEST_F(ConnectionsOfAUserTest, ConnectionsOfOneUserOnASocketAreLimited) {
  std::deque<RawClient> clients;
  int served = 0;
  for (int i = 0; i < 10; ++i) {
    if (clients.emplace_back(daemon_->addresses().front()).IsServed()) ++served;
  }
  EXPECT_LT(served, 5);
  EXPECT_EQ(Get(sandboxes()), "OK");
}

TEST_F(ClientLimitsTest, AListenerRecoversAfterDescriptorsRanOut) {
  rlimit before{};
  ASSERT_EQ(::prlimit(daemon_->pid(), RLIMIT_NOFILE, nullptr, &before), 0);
  rlimit none = before;
  none.rlim_cur = 3;  // all numbers below are taken
  ASSERT_EQ(::prlimit(daemon_->pid(), RLIMIT_NOFILE, &none, nullptr), 0);
  {
    const RawClient waits(daemon_->addresses().front());
    EXPECT_TRUE(
        Eventually([&] { return daemon_->log().find("accepting connections is paused") != std::string::npos; }));
    EXPECT_EQ(Get(sandboxes()), "OK");
  }
  ASSERT_EQ(::prlimit(daemon_->pid(), RLIMIT_NOFILE, &before, nullptr), 0);
  EXPECT_TRUE(ANewClientIsServed());
}

// --- Calls ---

class FewCallsTest : public ClientLimitsTest {
 protected:
  std::vector<std::string> flags() override { return {"--max-calls", "10", "--events", "off"}; }
};

TEST_F(FewCallsTest, ExcessCallsAreRefusedWithAReasonAndOtherClientsAreServed) {
  struct Watch {
    grpc::ClientContext context;
    std::unique_ptr<grpc::ClientReader<v1::WatchSandboxResponse>> reader;
  };
  std::deque<Watch> watches;
  v1::WatchSandboxRequest request;
  request.set_sandbox(sandbox_.id());
  v1::WatchSandboxResponse first;
  for (int i = 0; i < 10; ++i) {
    Watch& watch = watches.emplace_back();
    watch.context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(100));
    watch.reader = sandboxes().WatchSandbox(&watch.context, request);
    ASSERT_TRUE(watch.reader->Read(&first));
  }
  v1::GetSandboxRequest get;
  get.set_sandbox(sandbox_.id());
  const auto refused = Call(sandboxes(), &v1::DaytonaService::Stub::GetSandbox, get);
  EXPECT_EQ(Outcome(refused.error), "RESOURCE_EXHAUSTED TOO_MANY_CALLS");
  EXPECT_GT(refused.error->retry_delay.value_or(std::chrono::milliseconds(0)), std::chrono::milliseconds(0));
  EXPECT_EQ(Get(*NewClient()), "OK");
  for (Watch& watch : watches) watch.context.TryCancel();
  EXPECT_TRUE(Eventually([&] { return Get(sandboxes()) == "OK"; }));
}

// --- Bytes ---

class RequestSizeTest : public ClientLimitsTest {
 protected:
  std::vector<std::string> flags() override { return {"--listen-read-only", "127.0.0.1:0", "--events", "off"}; }

  std::string GetNamed(size_t bytes, size_t listener) const {
    const std::unique_ptr<v1::DaytonaService::Stub> client = NewClient(listener);
    v1::GetSandboxRequest request;
    request.set_sandbox(std::string(bytes, 'x'));
    return Outcome(Call(*client, &v1::DaytonaService::Stub::GetSandbox, request).error);
  }
};

TEST_F(RequestSizeTest, RequestsAreLimitedToFourMebibytesAndReadersToOne) {
  constexpr size_t kMiB = 1 << 20;
  // Requests that gRPC accepts are checked by the daemon, which refuses them with a reason.
  EXPECT_EQ(GetNamed(4 * kMiB - 100, 0), "RESOURCE_EXHAUSTED REQUEST_TOO_LARGE");
  EXPECT_THAT(GetNamed(4 * kMiB + 100, 0), HasSubstr("larger than max"));
  EXPECT_EQ(GetNamed(kMiB - 100, 1), "RESOURCE_EXHAUSTED REQUEST_TOO_LARGE");
  EXPECT_THAT(GetNamed(kMiB + 100, 1), HasSubstr("larger than max"));
}

// --- Memory ---

TEST_F(ClientLimitsTest, CallsOfAClientThatRequestsMuchAndReadsNothingEnd) {
  v1::SandboxSpec spec;
  for (int i = 0; i < 60; ++i) (*spec.mutable_env())["NAME_" + std::to_string(i)] = std::string(1000, 'v');
  const v1::Sandbox fat = MakeSandbox(spec);
  v1::GetSandboxRequest request;
  request.set_sandbox(fat.id());
  request.mutable_max_age()->set_seconds(3600);
  ASSERT_EQ(Outcome(Call(sandboxes(), &v1::DaytonaService::Stub::GetSandbox, request).error), "OK");
  const std::string bytes = request.SerializeAsString();
  const std::string message = std::string(3, '\0') + static_cast<char>(bytes.size()) + bytes;

  const RawClient greedy(daemon_->addresses().front());
  // A window of 0 for each stream.
  ASSERT_TRUE(greedy.Send(Frame(kSettings, 0, 0, std::string("\0\4\0\0\0\0", 6))));
  const std::string headers = CallHeaders("/daytonad.v1.DaytonaService/GetSandbox");
  uint32_t stream = 1;
  EXPECT_TRUE(Eventually([&] {
    for (int i = 0; i < 10; ++i, stream += 2) {
      greedy.Send(Frame(kHeaders, kEndHeaders, stream, headers) +
                  Frame(kData, kEndStream, stream, std::string(1, '\0') + message));
    }
    return daemon_->log().find("whose clients do not take the answers") != std::string::npos;
  }));
  EXPECT_EQ(Get(sandboxes()), "OK");
}

TEST_F(ClientLimitsTest, AClientThatFillsTheMemoryIsCutOffAndOthersAreServed) {
  const RawClient attacker(daemon_->addresses().front());
  // Calls whose requests never arrive. The stream limit binds only clients that acknowledge it, and this one does not.
  const std::string headers = CallHeaders("/daytonad.v1.DaytonaService/GetSandbox");
  uint32_t stream = 1;
  while (stream < 4'000'000 && attacker.Send(Frame(kHeaders, kEndHeaders, stream, headers))) stream += 2;
  EXPECT_LT(stream, 4'000'000U);
  EXPECT_TRUE(Eventually([&] { return daemon_->log().find("connections are shut down") != std::string::npos; }));
  EXPECT_EQ(Get(sandboxes()), "OK");
  EXPECT_TRUE(ANewClientIsServed());
  EXPECT_LT(daemon_->peak_resident_kib(), 512 * 1024);
}

}  // namespace
}  // namespace daytonad::testing
