#ifndef DAYTONAD_DAEMON_SERVICES_RPC_UNTAKEN_ANSWERS_H_
#define DAYTONAD_DAEMON_SERVICES_RPC_UNTAKEN_ANSWERS_H_

#include <grpc/grpc.h>

#include <chrono>
#include <cstddef>
#include <list>
#include <mutex>

namespace daytonad {

// What was given to gRPC for clients, and has not gone into their connections: a client may ask for much and take
// nothing. When all of it together is too much, the calls end that have waited longest. Thread-safe.
class UntakenAnswers {
 public:
  struct Limits {
    // Above this, calls end whose answers have waited for longer than `patience`; above twice as much, any.
    size_t bytes = size_t{32} << 20;
    std::chrono::milliseconds patience = std::chrono::milliseconds(500);
    // Answers below this do not count: calls are limited themselves.
    size_t least = 2048;
  };

 private:
  struct Entry {
    grpc_call* call;
    size_t bytes;
    std::chrono::steady_clock::time_point since;
  };
  using Entries = std::list<Entry>;

 public:
  // An answer that waits. To be gone before its call is.
  class Ticket {
   public:
    Ticket() = default;
    Ticket(const Ticket&) = delete;
    Ticket& operator=(const Ticket&) = delete;
    ~Ticket() { Taken(); }

    // The answer has been taken, or never will be.
    void Taken();

   private:
    friend class UntakenAnswers;
    UntakenAnswers* answers_ = nullptr;
    Entries::iterator entry_;
  };

  explicit UntakenAnswers(Limits limits) : limits_(limits) {}
  UntakenAnswers(const UntakenAnswers&) = delete;
  UntakenAnswers& operator=(const UntakenAnswers&) = delete;

  // Call before gRPC gets the answer of so many bytes. May end other calls.
  void Add(grpc_call* call, size_t bytes, Ticket& ticket);
  size_t bytes() const;

 private:
  const Limits limits_;
  mutable std::mutex mutex_;
  size_t bytes_ = 0;
  Entries waiting_;  // the oldest first
  Entries ended_;    // their memory is about to be free
};

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_SERVICES_RPC_UNTAKEN_ANSWERS_H_
