#ifndef DAYTONAD_DAEMON_STATE_CACHED_API_H_
#define DAYTONAD_DAEMON_STATE_CACHED_API_H_

#include <string>
#include <string_view>

#include "daemon/api/forwarding_api.h"
#include "daemon/base/clock.h"
#include "daemon/state/object_caches.h"

namespace daytonad {

// Answers reads from the cache if their terms allow it (ReadTerms). A read without terms, such as one that an operation
// makes for itself, always goes upstream.
class CachedApi final : public ForwardingApi {
 public:
  // The referred objects outlive this one.
  CachedApi(Api& inner, ObjectCaches& caches, Clock& clock) : ForwardingApi(inner), caches_(caches), clock_(clock) {}

  Task<absl::StatusOr<v1::Sandbox>> GetSandbox(CallContext context, std::string id_or_name) override;
  Task<absl::StatusOr<v1::Snapshot>> GetSnapshot(CallContext context, std::string id_or_name) override;
  Task<absl::StatusOr<v1::Volume>> GetVolumeById(CallContext context, std::string id) override;
  Task<absl::StatusOr<v1::Volume>> GetVolumeByName(CallContext context, std::string name) override;

 private:
  template <typename T>
  using Entry = typename CacheIndex<T>::EntryPtr;

  template <typename T>
  Task<absl::StatusOr<T>> Read(Entry<T> (CacheIndex<T>::*find)(std::string_view) const, const CacheIndex<T>& index,
                               CallContext context, std::string key, Task<absl::StatusOr<T>> ask);

  ObjectCaches& caches_;
  Clock& clock_;
};

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_STATE_CACHED_API_H_
