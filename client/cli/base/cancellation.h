#ifndef DAYTONAD_CLIENT_CLI_BASE_CANCELLATION_H_
#define DAYTONAD_CLIENT_CLI_BASE_CANCELLATION_H_

#include <mutex>

#include <grpcpp/client_context.h>

namespace daytonad::cli {

// Cancels the running call, and each later one before it starts. Thread-safe.
class Cancellation {
 public:
  // Marks the call of `context` as the running one during its lifetime. One at a time.
  class Scope {
   public:
    Scope(Cancellation& cancellation, grpc::ClientContext& context);
    ~Scope();
    Scope(const Scope&) = delete;
    Scope& operator=(const Scope&) = delete;

   private:
    Cancellation& cancellation_;
  };

  // `signal`: the signal that caused it, for the exit status. False if no call was running.
  bool Cancel(int signal);

  // The first signal that came; 0: none.
  int signal() const;

 private:
  mutable std::mutex mutex_;
  grpc::ClientContext* running_ = nullptr;
  int signal_ = 0;
};

}  // namespace daytonad::cli

#endif  // DAYTONAD_CLIENT_CLI_BASE_CANCELLATION_H_
