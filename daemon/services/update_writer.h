#ifndef DAYTONAD_DAEMON_SERVICES_UPDATE_WRITER_H_
#define DAYTONAD_DAEMON_SERVICES_UPDATE_WRITER_H_

#include <cstdint>
#include <utility>

#include "daemon/operations/base/object_names.h"
#include "daemon/operations/base/watching.h"
#include "daemon/services/rpc/stream_writer.h"

namespace daytonad {

// Writes a watcher's updates to its stream.
template <typename T, typename Response>
class UpdateWriter final : public UpdateSink<T> {
 public:
  using MutableObject = T* (Response::*)();

  UpdateWriter(StreamWriter<Response>& writer, MutableObject object) : writer_(writer), object_(object) {}

  Task<absl::Status> OnUpdate(Update<T> update) override {
    Response response;
    response.set_sequence(++sequence_);
    response.set_maybe_missed(update.maybe_missed);
    response.set_removed(update.removed);
    *(response.*object_)() = *update.object;
    KeepName(*(response.*object_)());
    return writer_.Write(std::move(response));
  }

 private:
  StreamWriter<Response>& writer_;
  const MutableObject object_;
  std::int64_t sequence_ = 0;
};

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_SERVICES_UPDATE_WRITER_H_
