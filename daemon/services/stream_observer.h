#ifndef DAYTONAD_DAEMON_SERVICES_STREAM_OBSERVER_H_
#define DAYTONAD_DAEMON_SERVICES_STREAM_OBSERVER_H_

#include <utility>

#include "daemon/operations/create/create.h"
#include "daemon/services/rpc/stream_writer.h"

namespace daytonad {

// Sends the progress of a create as events of a stream: Response has `log`, `warning` and the object's field, which
// `mutable_object` names.
template <typename T, typename Response>
class StreamObserver final : public CreateObserver<T> {
 public:
  StreamObserver(StreamWriter<Response>& writer, T* (Response::*mutable_object)())
      : writer_(writer), mutable_object_(mutable_object) {}

  Task<absl::Status> OnState(const T& object) override {
    Response event;
    *(event.*mutable_object_)() = object;
    return writer_.Write(std::move(event));
  }
  void EndBy(Clock::TimePoint limit) override { writer_.EndBy(limit); }
  Task<absl::Status> OnLog(v1::LogChunk chunk) override {
    Response event;
    *event.mutable_log() = std::move(chunk);
    return writer_.Write(std::move(event));
  }
  Task<absl::Status> OnWarning(v1::Warning warning) override {
    Response event;
    *event.mutable_warning() = std::move(warning);
    return writer_.Write(std::move(event));
  }

 private:
  StreamWriter<Response>& writer_;
  T* (Response::*mutable_object_)();
};

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_SERVICES_STREAM_OBSERVER_H_
