#ifndef DAYTONAD_DAEMON_BASE_TESTING_NO_DESCRIPTORS_H_
#define DAYTONAD_DAEMON_BASE_TESTING_NO_DESCRIPTORS_H_

#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

namespace daytonad {

// While it exists, this process gets no further descriptors: open, socket and the like fail with EMFILE. Open
// descriptors stay usable.
class NoDescriptors {
 public:
  // `spare` descriptors are still available.
  explicit NoDescriptors(unsigned spare = 0) {
    ::getrlimit(RLIMIT_NOFILE, &before_);
    // The kernel assigns the lowest free number below the limit.
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
