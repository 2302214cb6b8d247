#ifndef DAYTONAD_DAEMON_OPERATIONS_BUILD_CONTEXT_TESTING_AS_NOBODY_H_
#define DAYTONAD_DAEMON_OPERATIONS_BUILD_CONTEXT_TESTING_AS_NOBODY_H_

#include <sys/fsuid.h>
#include <unistd.h>

namespace daytonad {

// As long as it lives, this thread opens files as a user without rights, also when the tests run as root (who may read
// everything). Does nothing for other users.
class AsNobody {
 public:
  AsNobody() : before_(::geteuid() == 0 ? ::setfsuid(kNobody) : -1) {}
  AsNobody(const AsNobody&) = delete;
  AsNobody& operator=(const AsNobody&) = delete;
  ~AsNobody() {
    if (before_ >= 0) ::setfsuid(static_cast<uid_t>(before_));
  }

 private:
  static constexpr uid_t kNobody = 65534;

  const int before_;
};

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_OPERATIONS_BUILD_CONTEXT_TESTING_AS_NOBODY_H_
