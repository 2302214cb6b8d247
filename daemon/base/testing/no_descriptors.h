#ifndef DAYTONAD_DAEMON_BASE_TESTING_NO_DESCRIPTORS_H_
#define DAYTONAD_DAEMON_BASE_TESTING_NO_DESCRIPTORS_H_

#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

namespace daytonad {

// While it lives, this process gets no further descriptor: open, socket and their like fail with EMFILE. What is open
// stays usable.
class NoDescriptors {
 public:
  // `spare` are still to be had.
  explicit NoDescriptors(unsigned spare = 0) {
    ::getrlimit(RLIMIT_NOFILE, &before_);
    // The kernel hands out the lowest free number, and none from the limit on.
    const int next = ::fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 0);
    ::close(next);
    rlimit limit = before_;
    limit.rlim_cur = static_cast<rlim_t>(next) + spare;
    ::setrlimit(RLIMIT_NOFILE, &limit);
  }
  NoDescriptors(const NoDescriptors&) = delete;
  NoDescriptors& operator=(const NoDescriptors&) = delete;
  ~NoDescriptors() { ::setrlimit(RLIMIT_NOFILE, &before_); }

 private:
  rlimit before_{};
};

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_BASE_TESTING_NO_DESCRIPTORS_H_
