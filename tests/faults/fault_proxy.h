#ifndef DAYTONAD_TESTS_FAULTS_FAULT_PROXY_H_
#define DAYTONAD_TESTS_FAULTS_FAULT_PROXY_H_

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

namespace daytonad::testing {

enum class Way { kToServer, kToClient };

// A fault of the bytes in one direction.
struct Fault {
  enum class Action {
    kCut,      // the connection is reset, on both sides
    kEnd,      // the connection is closed in an orderly way
    kStall,    // nothing more is forwarded until Heal()
    kFlip,     // one byte is changed: the next one, XOR `mask`
    kReplace,  // `find` becomes `with`, where one read from the sender has it whole
    kSlow,     // bytes are forwarded in pieces of at most `piece`, each after `delay`; counts no strikes
  };

  Action action = Action::kCut;
  Way way = Way::kToClient;
  // Connections whose first line contains this, e.g. "/socket.io/"; empty: all.
  std::string opening = {};
  // The number of bytes that pass first, counted from the connection's first byte, or, if the connection is older, from
  // when the fault was added. With 0 it strikes at the next byte. Ignored for kReplace and kSlow.
  std::size_t after = 0;
  // How often it strikes, at most once in each connection (kReplace: each read); -1: until Heal().
  int times = 1;

  unsigned char mask = 0x01;
  std::string find = {};
  std::string with = {};
  std::size_t piece = std::size_t{1} << 20;
  std::chrono::milliseconds delay{0};
};

// A TCP proxy on loopback, on its own thread, that applies faults to its connections:
//
//   FaultProxy proxy;
//   proxy.ForwardTo(emulator.port());
//   UseApi(proxy.origin() + "/api");
//   proxy.Add({.action = Fault::Action::kCut, .after = 100});  // the next answer is cut after its hundredth byte
//
// A client that closes its end has its whole connection closed, as HTTP and WebSocket clients intend; but while its
// bytes are stalled or slowed, that is noticed late. Called from the test's thread.
class FaultProxy {
 public:
  FaultProxy();
  ~FaultProxy();
  FaultProxy(const FaultProxy&) = delete;
  FaultProxy& operator=(const FaultProxy&) = delete;

  // Sets the server behind it, 127.0.0.1:`port`, for new connections.
  void ForwardTo(std::uint16_t port);

  std::uint16_t port() const { return port_; }
  // "http://127.0.0.1:40001"
  std::string origin() const { return "http://127.0.0.1:" + std::to_string(port_); }

  void Add(Fault fault);
  // Removes all faults; stalled connections continue.
  void Heal();

  // Resets the connections whose first line contains `opening`, or closes them in an orderly way.
  void CutNow(const std::string& opening = "");
  void EndNow(const std::string& opening = "");

  // Forwards nothing more on the open connections, in either direction, until Heal(): like a router that has forgotten
  // them. New ones work.
  void StallNow(const std::string& opening = "");

  // While it refuses, new connections are accepted and reset at once.
  void RefuseConnections(bool refuse);
  // While it does not listen, connecting fails. Later it listens on the same port again.
  void StopListening();
  void ListenAgain();

  struct Counts {
    int accepted = 0;  // including refused ones
    int open = 0;
    int most_open = 0;
    int strikes = 0;  // of all faults
    int stalled = 0;  // directions of connections that are stalled now
  };
  Counts counts();
  // Of connections whose first line contains this: how many are open, and how many bytes have gone this way.
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
