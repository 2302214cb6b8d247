// TLS and HTTP/2 to Daytona, as in production: faults, and the number of connections.
//
// daemon - fault proxy - nghttpx (TLS, HTTP/2) - emulator (HTTP/1.1)
#include <atomic>
#include <deque>
#include <functional>

#include "tests/faults/fault_fixture.h"
#include "tests/integration/tls_front.h"

namespace daytonad::testing {
namespace {

using ::testing::HasSubstr;

class TlsFaultTest : public FaultTest {
 protected:
  emulator::EmulatorOptions emulator_options() override {
    emulator::EmulatorOptions options = FaultTest::emulator_options();
    options.build_log_url_base = Origin();
    return options;
  }
  ProcessOptions daemon_options() override {
    TlsFront::Options options;
    options.backend_port = emulator_->port();
    options.http2 = http2_;
    options.max_streams = max_streams_;
    options.server = Authority().Issue("server", certificate_);
    front_ = std::make_unique<TlsFront>(options);
    proxy_.ForwardTo(front_->port());
    ProcessOptions daemon = DaemonFor(Origin() + "/api");
    daemon.flags.insert(daemon.flags.end(), {"--ca-file", trusted_});
    daemon.flags.insert(daemon.flags.end(), flags_.begin(), flags_.end());
    return daemon;
  }
  std::string Origin() const { return "https://127.0.0.1:" + std::to_string(proxy_.port()); }
  // Connections to the previous front stay open.
  void ReplaceFront() {
    front_->StartAgain(Authority().Issue("renewed", {}));
    proxy_.ForwardTo(front_->port());
  }

  // Lists that do not share one read, made all at once and held upstream.
  class HeldLists {
   public:
    HeldLists(TlsFaultTest& test, int calls) : test_(test) {
      test_.control().AddFault({{"method", "GET"}, {"path_regex", "/api/sandbox$"}, {"times", -1}},
                               {{"when", "before"}, {"hold", true}});
      for (int i = 0; i < calls; ++i) {
        One& one = calls_.emplace_back();
        one.request.mutable_filter()->set_name_prefix("n" + std::to_string(i));
        one.context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(100));
        test_.sandboxes().async()->ListSandboxes(&one.context, &one.request, &one.response,
                                                 [this, &one](grpc::Status status) {
                                                   one.status = std::move(status);
                                                   ++done_;
                                                 });
      }
    }
    HeldLists(const HeldLists&) = delete;
    HeldLists& operator=(const HeldLists&) = delete;
    ~HeldLists() { Finish(); }

    bool AreUpstream(int calls) {
      return Eventually([this, calls] { return test_.control().in_progress() >= calls; });
    }
    void Release() { test_.control().ClearFaults(); }
    // How many succeeded.
    int Finish() {
      Release();
      Eventually([this] { return done_ == static_cast<int>(calls_.size()); }, std::chrono::seconds(120));
      return static_cast<int>(std::ranges::count_if(calls_, [](const One& one) { return one.status.ok(); }));
    }

   private:
    struct One {
      grpc::ClientContext context;
      v1::ListSandboxesRequest request;
      v1::ListSandboxesResponse response;
      grpc::Status status;
    };
    TlsFaultTest& test_;
    std::deque<One> calls_;
    std::atomic<int> done_ = 0;
  };

  bool http2_ = true;
  int max_streams_ = 100;
  TestAuthority::ServerOptions certificate_;
  std::string trusted_ = Authority().ca_file();
  std::vector<std::string> flags_;
  std::unique_ptr<TlsFront> front_;
};

TEST_F(TlsFaultTest, ManyRequestsShareAFewConnections) {
  constexpr int kMaxCalls = 250;  // --max-connections
  HeldLists lists(*this, 500);
  EXPECT_TRUE(lists.AreUpstream(kMaxCalls));
  EXPECT_EQ(lists.Finish(), 500);
  EXPECT_LE(proxy_.counts().most_open, 10);
}

TEST_F(TlsFaultTest, AMutationThatLostItsAnswerIsSettled) {
  // The server's connection breaks, and the front resets only that stream.
  control().AddFault({{"method", "POST"}, {"path_regex", "/api/sandbox$"}, {"times", 1}},
                     {{"when", "after"}, {"cut_after_bytes", 5}});
  const auto created = Create("spec { name: 'box' }");
  EXPECT_EQ(Outcome(created.error), "OK");
  EXPECT_EQ(CountSandboxes("box"), 1);
}

TEST_F(TlsFaultTest, AReadWhoseStreamBreaksIsRepeated) {
  ASSERT_EQ(Outcome(Create("spec { name: 'box' }").error), "OK");
  control().AddFault({{"method", "GET"}, {"path_regex", "/api/sandbox/"}, {"times", 2}}, {{"cut_after_bytes", 5}});
  EXPECT_EQ(Outcome(Get("box").error), "OK");
  EXPECT_GE(control().CountRequests("GET", "/api/sandbox/"), 2);
}

// The front is drained in the middle of requests, as when a load balancer is replaced: it answers those it has.
TEST_F(TlsFaultTest, NothingIsLostWhenTheFrontGoesAway) {
  HeldLists lists(*this, 50);
  ASSERT_TRUE(lists.AreUpstream(50));
  front_->BeginGoingAway();
  ReplaceFront();
  lists.Release();
  EXPECT_EQ(Outcome(Create("spec { name: 'box' }").error), "OK");
  EXPECT_EQ(lists.Finish(), 50);
  EXPECT_EQ(CountSandboxes("box"), 1);
}

TEST_F(TlsFaultTest, ReadsSurviveAFrontThatDies) {
  HeldLists lists(*this, 50);
  ASSERT_TRUE(lists.AreUpstream(50));
  front_->Kill();
  ReplaceFront();
  EXPECT_EQ(lists.Finish(), 50);
}

class FewStreamsTest : public TlsFaultTest {
 protected:
  FewStreamsTest() {
    max_streams_ = 1;
    flags_ = {"--max-connections", "50"};
  }
};

// More connections are opened when the peer allows few streams on each.
TEST_F(FewStreamsTest, EachRequestGetsAStream) {
  HeldLists lists(*this, 10);
  EXPECT_TRUE(lists.AreUpstream(10));
  EXPECT_EQ(lists.Finish(), 10);
}

class ForgottenConnectionTest : public TlsFaultTest {
 protected:
  ForgottenConnectionTest() { flags_ = {"--request-timeout", "1500ms"}; }
};

TEST_F(ForgottenConnectionTest, CallsMoveToAnother) {
  ASSERT_EQ(Outcome(Create("spec { name: 'box' }").error), "OK");
  ASSERT_EQ(Outcome(Get("box").error), "OK");
  // Neither side notices.
  proxy_.StallNow();
  const int before = proxy_.counts().accepted;
  for (int i = 0; i < 3; ++i) EXPECT_EQ(Outcome(Get("box").error), "OK");
  EXPECT_GT(proxy_.counts().accepted, before);
}

// Calls that give up before the daemon's own limit do not keep it on the dead connection.
TEST_F(ForgottenConnectionTest, CallsWithShortDeadlinesMoveToAnother) {
  ASSERT_EQ(Outcome(Create("spec { name: 'box' }").error), "OK");
  ASSERT_EQ(Outcome(Get("box").error), "OK");
  proxy_.StallNow();
  v1::GetSandboxRequest request;
  request.set_sandbox("box");
  EXPECT_TRUE(Eventually(
      [&] { return CallWithin(std::chrono::milliseconds(300), sandboxes(), &Stub::GetSandbox, request).ok(); }));
}

TEST_F(ForgottenConnectionTest, ACreateIsSettledOverAnother) {
  ASSERT_EQ(Outcome(Create("spec { name: 'first' }").error), "OK");
  control().AddFault({{"method", "POST"}, {"path_regex", "/api/sandbox$"}, {"times", 1}},
                     {{"when", "after"}, {"hold", true}});
  auto created = std::async(std::launch::async, [this] { return Outcome(Create("spec { name: 'box' }").error); });
  ASSERT_TRUE(Eventually([this] { return control().strikes() == 1; }));
  proxy_.CutNow();
  EXPECT_EQ(created.get(), "OK");
  EXPECT_EQ(CountSandboxes("box"), 1);
}

class Http1OnlyTest : public TlsFaultTest {
 protected:
  Http1OnlyTest() { http2_ = false; }
};

TEST_F(Http1OnlyTest, EachRequestHasAConnection) {
  HeldLists lists(*this, 40);
  EXPECT_TRUE(lists.AreUpstream(40));
  EXPECT_GE(proxy_.counts().most_open, 40);
  EXPECT_EQ(lists.Finish(), 40);
}

TEST_F(TlsFaultTest, ARenewedCertificateIsTaken) {
  ASSERT_EQ(Outcome(Create("spec { name: 'box' }").error), "OK");
  front_->Kill();
  ReplaceFront();
  EXPECT_EQ(Outcome(Get("box").error), "OK");
}

class RefusedCertificateTest : public TlsFaultTest {
 protected:
  bool waits_for_upstream() override { return false; }
  void ExpectRefusal() {
    const auto got = Get("box");
    EXPECT_EQ(Outcome(got.error), "UNAVAILABLE UPSTREAM_TLS_FAILED");
    EXPECT_THAT(got.error->message, HasSubstr("certificate"));
    // With a valid one calls succeed again.
    front_->Kill();
    ReplaceFront();
    EXPECT_EQ(Outcome(Get("box").error),
              trusted_ == Authority().ca_file() ? "NOT_FOUND SANDBOX_NOT_FOUND" : "UNAVAILABLE UPSTREAM_TLS_FAILED");
  }
};

class ExpiredCertificateTest : public RefusedCertificateTest {
 protected:
  ExpiredCertificateTest() { certificate_.expired = true; }
};
TEST_F(ExpiredCertificateTest, IsRefused) { ExpectRefusal(); }

class OtherHostTest : public RefusedCertificateTest {
 protected:
  OtherHostTest() { certificate_.name = "DNS:other.test"; }
};
TEST_F(OtherHostTest, IsRefused) { ExpectRefusal(); }

class UnknownAuthorityTest : public RefusedCertificateTest {
 protected:
  UnknownAuthorityTest() { trusted_ = "/etc/ssl/certs/ca-certificates.crt"; }
};
TEST_F(UnknownAuthorityTest, IsRefused) { ExpectRefusal(); }

}  // namespace
}  // namespace daytonad::testing
