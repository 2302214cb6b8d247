#ifndef DAYTONAD_CLIENT_CLI_BASE_CANCELLATION_H_
#define DAYTONAD_CLIENT_CLI_BASE_CANCELLATION_H_

#include <mutex>

#include <grpcpp/client_context.h>

namespace daytonad::cli {

// Ends the running call, and every later one before it begins. Safe from any thread.
class Cancellation {
 public:
  // Makes the call of `context` the running one while it lives. One at a time.
  class Scope {
   public:
    Scope(Cancellation& cancellation, grpc::ClientContext& context);
    ~Scope();
    Scope(const Scope&) = delete;
    Scope& operator=(const Scope&) = delete;

   private:
    Cancellation& cancellation_;
  };

  // `signal` is the number of the signal that asks for it, for the exit status. False if there was no call to cancel.
  bool Cancel(int signal);

  // The signal that came first; 0: none.
  int signal() const;

 private:
  mutable std::mutex mutex_;
  grpc::ClientContext* running_ = nullptr;
  int signal_ = 0;
};

}  // namespace daytonad::cli

#endif  // DAYTONAD_CLIENT_CLI_BASE_CANCELLATION_H_
