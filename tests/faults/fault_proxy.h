#ifndef DAYTONAD_TESTS_FAULTS_FAULT_PROXY_H_
#define DAYTONAD_TESTS_FAULTS_FAULT_PROXY_H_

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

namespace daytonad::testing {

enum class Way { kToServer, kToClient };

// What goes wrong with the bytes that go one way.
struct Fault {
  enum class Action {
    kCut,      // the connection is reset, on both sides
    kEnd,      // the connection is closed, orderly
    kStall,    // nothing is passed on any more, until Heal()
    kFlip,     // one byte is changed: the next one, XOR `mask`
    kReplace,  // `find` becomes `with`, where one read from the sender has it whole
    kSlow,     // bytes are passed on in pieces of at most `piece`, each after `delay`; counts no strikes
  };

  Action action = Action::kCut;
  Way way = Way::kToClient;
  // Connections whose first line has this in it, "/socket.io/" say; empty: all.
  std::string opening = {};
  // How many bytes pass before, counted from the connection's first, or, if it is older than the fault, from the
  // fault's beginning. With 0 it strikes when the next byte comes. Nothing to kReplace and kSlow.
  std::size_t after = 0;
  // How often it strikes, at most once in each connection (kReplace: each read); -1: until Heal().
  int times = 1;

  unsigned char mask = 0x01;
  std::string find = {};
  std::string with = {};
  std::size_t piece = std::size_t{1} << 20;
  std::chrono::milliseconds delay{0};
};

// A TCP proxy on loopback, on a thread of its own, that does to its connections what a test asks for:
//
//   FaultProxy proxy;
//   proxy.ForwardTo(emulator.port());
//   UseApi(proxy.origin() + "/api");
//   proxy.Add({.action = Fault::Action::kCut, .after = 100});  // the next answer is cut after its hundredth byte
//
// A client that closes its end has its whole connection closed, as HTTP and WebSocket clients mean it; but while the
// bytes from it are stalled or slowed, that is noticed late only. Called from the test's thread.
class FaultProxy {
 public:
  FaultProxy();
  ~FaultProxy();
  FaultProxy(const FaultProxy&) = delete;
  FaultProxy& operator=(const FaultProxy&) = delete;

  // The server behind it, 127.0.0.1:`port`, for new connections.
  void ForwardTo(std::uint16_t port);

  std::uint16_t port() const { return port_; }
  // "http://127.0.0.1:40001"
  std::string origin() const { return "http://127.0.0.1:" + std::to_string(port_); }

  void Add(Fault fault);
  // No faults any more; what was stalled goes on.
  void Heal();

  // Resets all connections, or closes them orderly; those whose first line has `opening` in it.
  void CutNow(const std::string& opening = "");
  void EndNow(const std::string& opening = "");

  // Passes nothing on any more in the connections that there are, either way, until Heal(): as a router does that has
  // forgotten them. New ones work.
  void StallNow(const std::string& opening = "");

  // While it refuses, new connections are accepted and reset at once.
  void RefuseConnections(bool refuse);
  // While it does not listen, there is nobody to connect to. Then it is the same port again.
  void StopListening();
  void ListenAgain();

  struct Counts {
    int accepted = 0;  // refused ones, too
    int open = 0;
    int most_open = 0;
    int strikes = 0;  // of faults, all together
    int stalled = 0;  // directions of connections that pass nothing on now
  };
  Counts counts();
  // Of connections whose first line has this in it: how many are open, and how many bytes ever went this way.
  int open(const std::string& opening);
  std::size_t bytes(Way way, const std::string& opening = "");

 private:
  class Impl;
  template <typename Action>
  auto OnThread(Action action);

  std::unique_ptr<Impl> impl_;
  std::uint16_t port_ = 0;
};

}  // namespace daytonad::testing

#endif  // DAYTONAD_TESTS_FAULTS_FAULT_PROXY_H_
