#ifndef DAYTONAD_DAEMON_API_EVENTS_H_
#define DAYTONAD_DAEMON_API_EVENTS_H_

#include <string>

#include "daytonad/v1/sandbox.pb.h"
#include "daytonad/v1/snapshot.pb.h"
#include "daytonad/v1/volume.pb.h"

// What upstream says unasked: changes of objects, as they happen. Best effort: an event may be lost, come twice or out
// of order, and nothing is replayed after a connection broke.
namespace daytonad {

// Takes events. Called on the loop thread, never from within a call to the source.
class EventSink {
 public:
  virtual ~EventSink() = default;

  // It is new, or changed: as upstream sees it now, whole but for what its events leave out (`build_info`). A sandbox
  // that is gone says so by its state, DESTROYED, and so does a volume, DELETED.
  virtual void OnSandbox(v1::Sandbox sandbox) = 0;
  virtual void OnSnapshot(v1::Snapshot snapshot) = 0;
  virtual void OnVolume(v1::Volume volume) = 0;
  // It is gone. Upstream does not always tell the id; it may be empty, the name is not.
  virtual void OnSnapshotRemoved(std::string id, std::string name) = 0;

  // From now on events arrive. Whatever happened before this moment may have been missed.
  virtual void OnEventsUp() = 0;
  // From now on they may be missed.
  virtual void OnEventsDown() = 0;
};

// Whether events arrive.
class EventStatus {
 public:
  virtual ~EventStatus() = default;
  virtual bool events_up() const = 0;
};

// Where events come from. Loop thread only.
class EventSource {
 public:
  virtual ~EventSource() = default;

  // Connects, and stays connected as well as it can until Stop; failure is silent (OnEventsDown, a line in the log).
  // Called once. The sink must live until Stop.
  virtual void Start(EventSink& sink) = 0;
  // The sink is not called any more.
  virtual void Stop() = 0;
};

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_API_EVENTS_H_
