#ifndef DAYTONAD_DAEMON_STATE_RESOLVING_API_H_
#define DAYTONAD_DAEMON_STATE_RESOLVING_API_H_

#include <functional>
#include <optional>
#include <string>

#include "daemon/api/forwarding_api.h"
#include "daemon/base/clock.h"
#include "daemon/state/object_caches.h"

namespace daytonad {

// Replaces known names by ids. Deletions always go by id.
//
// Simply passing names on would be wrong. After a deletion by name, upstream answers every call by that name with
// NOT_FOUND for ten seconds, even if another object has the name by then; calls by id work. So this daemon never
// deletes by name. Other clients do, so a known name is always resolved here, and a NOT_FOUND for a name never drops
// the cached object.
//
// A cached name may be outdated: another object may have it by now. So the cached object must be fresh, or a read must
// confirm that it still has the name. If it is gone or was renamed, upstream is asked by name.
//
// A name that has the form of a UUID goes upstream as it is first: upstream tries the id before the name.
class ResolvingApi final : public ForwardingApi {
 public:
  // The referred objects outlive this one.
  ResolvingApi(Api& inner, ObjectCaches& caches, Clock& clock) : ForwardingApi(inner), caches_(caches), clock_(clock) {}

  Task<absl::StatusOr<v1::Sandbox>> GetSandbox(CallContext context, std::string id_or_name) override;
  Task<absl::StatusOr<v1::Sandbox>> StartSandbox(CallContext context, std::string id_or_name) override;
  Task<absl::StatusOr<v1::Sandbox>> StopSandbox(CallContext context, std::string id_or_name, bool force) override;
  Task<absl::StatusOr<v1::Sandbox>> DeleteSandbox(CallContext context, std::string id_or_name) override;
  // Mutations of snapshots and volumes go by id anyway.
  Task<absl::StatusOr<v1::Snapshot>> GetSnapshot(CallContext context, std::string id_or_name) override;
  Task<absl::StatusOr<v1::Volume>> GetVolumeByName(CallContext context, std::string name) override;

 private:
  // The reads of one kind of object: by id, and by the key that the caller gave.
  template <typename T>
  using Ask = Task<absl::StatusOr<T>> (Api::*)(CallContext, std::string);
  template <typename T>
  struct Reads {
    ObjectCache<T>& cache;
    Ask<T> by_id;
    Ask<T> as_asked;
  };
  using Send = std::function<Task<absl::StatusOr<v1::Sandbox>>(CallContext, std::string)>;

  // The id of the cached object with this name.
  template <typename T>
  static std::optional<std::string> IdOf(const ObjectCache<T>& cache, const std::string& name);
  template <typename T>
  Task<absl::StatusOr<T>> Get(Reads<T> reads, CallContext context, std::string key);
  // Reads the cached object with this name from upstream, by id. Nullopt if none is cached, or it no longer has the
  // name.
  template <typename T>
  Task<std::optional<absl::StatusOr<T>>> GetNamed(Reads<T> reads, CallContext context, std::string name);
  // The target of a mutation: the object's id, or the key that the caller gave if no cached object has that name.
  Task<absl::StatusOr<std::string>> TargetOf(CallContext context, std::string key, bool must_be_id);
  Task<absl::StatusOr<v1::Sandbox>> Mutate(CallContext context, std::string key, bool must_be_id, Send send);

  Reads<v1::Sandbox> sandboxes() { return {caches_.sandboxes, &Api::GetSandbox, &Api::GetSandbox}; }

  ObjectCaches& caches_;
  Clock& clock_;
};

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_STATE_RESOLVING_API_H_
