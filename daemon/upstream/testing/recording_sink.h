#ifndef DAYTONAD_DAEMON_UPSTREAM_TESTING_RECORDING_SINK_H_
#define DAYTONAD_DAEMON_UPSTREAM_TESTING_RECORDING_SINK_H_

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "daemon/api/events.h"

namespace daytonad {

// Records each call as a line.
class RecordingSink final : public EventSink {
 public:
  std::vector<std::string> lines;
  std::vector<v1::Sandbox> sandboxes;
  // Called after each line.
  std::function<void()> on_line = [] {};

  void OnSandbox(v1::Sandbox sandbox) override {
    sandboxes.push_back(sandbox);
    Note(absl::StrCat("sandbox ", sandbox.name(), " ", sandbox.state_text(), "/", sandbox.desired_state_text()));
  }
  void OnSnapshot(v1::Snapshot snapshot) override {
    Note(absl::StrCat("snapshot ", snapshot.name(), " ", snapshot.state_text()));
  }
  void OnVolume(v1::Volume volume) override { Note(absl::StrCat("volume ", volume.name(), " ", volume.state_text())); }
  void OnSnapshotRemoved(std::string id, std::string name) override {
    Note(absl::StrCat("snapshot removed:", id, " ", name));
  }
  void OnEventsUp() override { Note("up"); }
  void OnEventsDown() override { Note("down"); }

 private:
  void Note(std::string line) {
    lines.push_back(std::move(line));
    on_line();
  }
};

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_UPSTREAM_TESTING_RECORDING_SINK_H_
