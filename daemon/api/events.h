#ifndef DAYTONAD_DAEMON_API_EVENTS_H_
#define DAYTONAD_DAEMON_API_EVENTS_H_

#include <string>

#include "daytonad/v1/sandbox.pb.h"
#include "daytonad/v1/snapshot.pb.h"
#include "daytonad/v1/volume.pb.h"

// Upstream's events: changes of objects as they happen. Best effort: events may be lost, come twice or out of order,
// and nothing is replayed after a reconnect.
namespace daytonad {

// Receives events. Called on the loop thread, never from within a call to the source.
class EventSink {
 public:
  virtual ~EventSink() = default;

  // The object was created or changed. It is full, except for fields that events lack (`build_info`). A deleted sandbox
  // has the state DESTROYED, a deleted volume DELETED.
  virtual void OnSandbox(v1::Sandbox sandbox) = 0;
  virtual void OnSnapshot(v1::Snapshot snapshot) = 0;
  virtual void OnVolume(v1::Volume volume) = 0;
  // The snapshot was removed. Upstream does not always tell the id: it may be empty, the name is not.
  virtual void OnSnapshotRemoved(std::string id, std::string name) = 0;

  // The connection is up: events arrive from now on. Earlier changes may have been missed.
  virtual void OnEventsUp() = 0;
  // The connection is down: events may be missed from now on.
  virtual void OnEventsDown() = 0;
};

// Whether events arrive.
class EventStatus {
 public:
  virtual ~EventStatus() = default;
  virtual bool events_up() const = 0;
};

// The source of events. Loop thread only.
class EventSource {
 public:
  virtual ~EventSource() = default;

  // Connects, and reconnects until Stop. Failures are not reported except by OnEventsDown and the log. Called once. The
  // sink must live until Stop.
  virtual void Start(EventSink& sink) = 0;
  // After this the sink is not called any more.
  virtual void Stop() = 0;
};

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_API_EVENTS_H_
