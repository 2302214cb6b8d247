#ifndef DAYTONAD_DAEMON_API_TIMES_H_
#define DAYTONAD_DAEMON_API_TIMES_H_

#include <string>

#include "daemon/api/deterministic_bytes.h"
#include "daytonad/v1/sandbox.pb.h"
#include "daytonad/v1/snapshot.pb.h"
#include "daytonad/v1/volume.pb.h"

// Times that upstream moves, even backwards, while nothing else of an object changes: when it was updated and last
// used. For watchers, an object that differs only in these has not changed.
namespace daytonad {

inline void ClearTimes(v1::Sandbox& sandbox) {
  sandbox.clear_updated_at();
  sandbox.clear_last_activity_at();
}
inline void ClearTimes(v1::Snapshot& snapshot) {
  snapshot.clear_updated_at();
  snapshot.clear_last_used_at();
}
inline void ClearTimes(v1::Volume& volume) {
  volume.clear_updated_at();
  volume.clear_last_used_at();
}

inline bool SameTime(const google::protobuf::Timestamp& a, const google::protobuf::Timestamp& b) {
  return a.seconds() == b.seconds() && a.nanos() == b.nanos();
}
inline bool SameTimes(const v1::Sandbox& a, const v1::Sandbox& b) {
  return SameTime(a.updated_at(), b.updated_at()) && SameTime(a.last_activity_at(), b.last_activity_at());
}
inline bool SameTimes(const v1::Snapshot& a, const v1::Snapshot& b) {
  return SameTime(a.updated_at(), b.updated_at()) && SameTime(a.last_used_at(), b.last_used_at());
}
inline bool SameTimes(const v1::Volume& a, const v1::Volume& b) {
  return SameTime(a.updated_at(), b.updated_at()) && SameTime(a.last_used_at(), b.last_used_at());
}

// The object without these times, encoded for comparison.
template <typename T>
std::string EncodeWithoutTimes(T object) {
  ClearTimes(object);
  return DeterministicBytes(object);
}

template <typename T>
bool SameButTimes(const T& a, const T& b) {
  // Cheap first: most changes change the state.
  return a.state_text() == b.state_text() && EncodeWithoutTimes(a) == EncodeWithoutTimes(b);
}

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_API_TIMES_H_
