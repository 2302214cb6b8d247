#ifndef DAYTONAD_DAEMON_STATE_RESOLVING_API_H_
#define DAYTONAD_DAEMON_STATE_RESOLVING_API_H_

#include <functional>
#include <optional>
#include <string>

#include "daemon/api/forwarding_api.h"
#include "daemon/base/clock.h"
#include "daemon/state/object_caches.h"

namespace daytonad {

// Asks by id for what is known by its name, and deletes by id always.
//
// Naively a name would be passed on. But after a deletion by name upstream forgets that name for ten seconds, whoever
// has it then: all calls by it are answered NOT_FOUND, while those by id work. So nobody behind this deletes by name;
// and as others do, a name that is known is never asked for, nor is it forgotten because upstream does not find it.
//
// What is known of a name may be old, and somebody else may have given it to another object. So the object has to say
// that it has this name: by what is fresh, or by a look at it. One that is gone or has another name is no answer, and
// upstream is asked who has the name now.
//
// A name that has the form of an id is asked for as it is at first: upstream tries the id before the name.
class ResolvingApi final : public ForwardingApi {
 public:
  // The referred objects outlive this one.
  ResolvingApi(Api& inner, ObjectCaches& caches, Clock& clock) : ForwardingApi(inner), caches_(caches), clock_(clock) {}

  Task<absl::StatusOr<v1::Sandbox>> GetSandbox(CallContext context, std::string id_or_name) override;
  Task<absl::StatusOr<v1::Sandbox>> StartSandbox(CallContext context, std::string id_or_name) override;
  Task<absl::StatusOr<v1::Sandbox>> StopSandbox(CallContext context, std::string id_or_name, bool force) override;
  Task<absl::StatusOr<v1::Sandbox>> DeleteSandbox(CallContext context, std::string id_or_name) override;
  // Mutations of snapshots and volumes are made by id anyway.
  Task<absl::StatusOr<v1::Snapshot>> GetSnapshot(CallContext context, std::string id_or_name) override;
  Task<absl::StatusOr<v1::Volume>> GetVolumeByName(CallContext context, std::string name) override;

 private:
  // The reads of a kind of object: by its id, and as it was asked for.
  template <typename T>
  using Ask = Task<absl::StatusOr<T>> (Api::*)(CallContext, std::string);
  template <typename T>
  struct Reads {
    ObjectCache<T>& cache;
    Ask<T> by_id;
    Ask<T> as_asked;
  };
  using Send = std::function<Task<absl::StatusOr<v1::Sandbox>>(CallContext, std::string)>;

  // The id of what is known to have this name.
  template <typename T>
  static std::optional<std::string> IdOf(const ObjectCache<T>& cache, const std::string& name);
  template <typename T>
  Task<absl::StatusOr<T>> Get(Reads<T> reads, CallContext context, std::string key);
  // Looks at what is known to have this name. Nullopt if it has it no more, or nothing is known.
  template <typename T>
  Task<std::optional<absl::StatusOr<T>>> GetNamed(Reads<T> reads, CallContext context, std::string name);
  // What a mutation is to be sent to: an id; or what was asked for, if that is no name that is known.
  Task<absl::StatusOr<std::string>> TargetOf(CallContext context, std::string key, bool must_be_id);
  Task<absl::StatusOr<v1::Sandbox>> Mutate(CallContext context, std::string key, bool must_be_id, Send send);

  Reads<v1::Sandbox> sandboxes() { return {caches_.sandboxes, &Api::GetSandbox, &Api::GetSandbox}; }

  ObjectCaches& caches_;
  Clock& clock_;
};

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_STATE_RESOLVING_API_H_
