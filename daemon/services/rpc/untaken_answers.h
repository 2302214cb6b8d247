#ifndef DAYTONAD_DAEMON_SERVICES_RPC_UNTAKEN_ANSWERS_H_
#define DAYTONAD_DAEMON_SERVICES_RPC_UNTAKEN_ANSWERS_H_

#include <grpc/grpc.h>

#include <chrono>
#include <cstddef>
#include <list>
#include <mutex>

namespace daytonad {

// Answers that were passed to gRPC and not yet written to connections: a client may request much and read nothing. When
// their total exceeds the limit, the calls that have waited longest are cancelled. Thread-safe.
class UntakenAnswers {
 public:
  struct Limits {
    // Above this limit, calls whose answers have waited longer than `patience` are cancelled; above twice the limit,
    // any.
    size_t bytes = size_t{32} << 20;
    std::chrono::milliseconds patience = std::chrono::milliseconds(500);
    // Smaller answers do not count: the number of calls is limited.
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
  // A waiting answer. Must be destroyed before its call.
  class Ticket {
   public:
    Ticket() = default;
    Ticket(const Ticket&) = delete;
    Ticket& operator=(const Ticket&) = delete;
    ~Ticket() { Taken(); }

    // The answer was written, or never will be.
    void Taken();

   private:
    friend class UntakenAnswers;
    UntakenAnswers* answers_ = nullptr;
    Entries::iterator entry_;
  };

  explicit UntakenAnswers(Limits limits) : limits_(limits) {}
  UntakenAnswers(const UntakenAnswers&) = delete;
  UntakenAnswers& operator=(const UntakenAnswers&) = delete;

  // Call it before passing an answer of this size to gRPC. May cancel other calls.
  void Add(grpc_call* call, size_t bytes, Ticket& ticket);
  size_t bytes() const;

 private:
  const Limits limits_;
  mutable std::mutex mutex_;
  size_t bytes_ = 0;
  Entries waiting_;  // the oldest first
  Entries ended_;    // their memory is about to be freed
};

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_SERVICES_RPC_UNTAKEN_ANSWERS_H_
