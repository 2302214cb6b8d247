#include "daemon/backend_registry.h"

#include <utility>

namespace daytonad {

void BackendRegistry::Add(std::unique_ptr<Backend> backend) {
  std::string name = backend->name();
  backends_.emplace(std::move(name), std::move(backend));
}

Backend* BackendRegistry::Find(std::string_view name) const {
  const auto found = backends_.find(name);
  return found == backends_.end() ? nullptr : found->second.get();
}

Task<absl::Status> BackendRegistry::WaitForMutations(CallContext context) const {
  for (const auto& [name, backend] : backends_) {
    absl::Status settled = co_await backend->WaitForMutations(context);
    if (!settled.ok()) co_return settled;
  }
  co_return absl::OkStatus();
}

void BackendRegistry::Start() const {
  for (const auto& [name, backend] : backends_) backend->Start();
}

void BackendRegistry::Stop() const {
  for (const auto& [name, backend] : backends_) backend->Stop();
}

}  // namespace daytonad
