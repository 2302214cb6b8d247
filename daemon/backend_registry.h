#ifndef DAYTONAD_DAEMON_BACKEND_REGISTRY_H_
#define DAYTONAD_DAEMON_BACKEND_REGISTRY_H_

#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "daemon/backend.h"

namespace daytonad {

// The backends of a process, by name. Filled before the first call; after that it does not change, so that any thread
// may look one up.
class BackendRegistry {
 public:
  // Its name must be new.
  void Add(std::unique_ptr<Backend> backend);

  // Null if there is none of this name.
  Backend* Find(std::string_view name) const;
  // The one that the flags describe.
  Backend& main() const { return *Find(kDefaultBackend); }

  // In turn, each backend's.
  Task<absl::Status> WaitForMutations(CallContext context) const;
  void Start() const;
  void Stop() const;

 private:
  std::map<std::string, std::unique_ptr<Backend>, std::less<>> backends_;
};

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_BACKEND_REGISTRY_H_
