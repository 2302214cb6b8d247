#ifndef DAYTONAD_DAEMON_OPERATIONS_CREATE_IDENTITY_H_
#define DAYTONAD_DAEMON_OPERATIONS_CREATE_IDENTITY_H_

#include <map>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "daemon/base/call_context.h"
#include "daemon/base/error.h"
#include "daemon/operations/create.h"
#include "daytonad/v1/common.pb.h"

namespace daytonad {

// The call's own; empty if it has none.
inline std::string RequestIdOf(const CallContext& context) {
  return context.request_key() == nullptr ? std::string() : context.request_key()->id;
}

// What came of an earlier call with the call's request id, if it is known that there was one; else null.
inline const EarlierRequest* EarlierOf(const CallContext& context) {
  const RequestKey* const key = context.request_key();
  return key == nullptr || !key->earlier.has_value() ? nullptr : &*key->earlier;
}

// The id of what an earlier call mutated, if it did; else empty.
inline std::string MutatedEarlier(const CallContext& context) {
  const EarlierRequest* const earlier = EarlierOf(context);
  return earlier == nullptr || !earlier->done ? std::string() : earlier->object_id;
}

// Did an earlier call perhaps change something, and nobody knows, or not what?
inline bool MayHaveMutatedEarlier(const CallContext& context) {
  const EarlierRequest* const earlier = EarlierOf(context);
  return earlier != nullptr && (!earlier->done || earlier->object_id.empty());
}

// What a create is about, in the metadata of each of its errors and warnings: whatever becomes of the call, the caller
// can find what it may have left behind, or ask for it again.
class CreateIdentity {
 public:
  // `kind` is the prefix of the keys, "sandbox".
  CreateIdentity(std::string kind, const std::string& name, const std::string& request_id) : kind_(std::move(kind)) {
    Note("_name", name);
    if (!request_id.empty()) facts_["request_id"] = request_id;
  }

  void NoteId(const std::string& id) { Note("_id", id); }

  // What the status itself tells is kept.
  absl::Status In(absl::Status status) const {
    for (const auto& [key, value] : facts_) {
      if (!ErrorMetadataValue(status, key).has_value()) status = WithErrorMetadata(std::move(status), key, value);
    }
    return status;
  }
  v1::Warning In(v1::Warning warning) const {
    warning.mutable_metadata()->insert(facts_.begin(), facts_.end());
    return warning;
  }

 private:
  void Note(const char* suffix, const std::string& value) {
    if (!value.empty()) facts_[absl::StrCat(kind_, suffix)] = value;
  }

  std::string kind_;
  std::map<std::string, std::string> facts_;
};

// Has every warning say what it is about.
template <typename T>
class IdentifyingObserver final : public CreateObserver<T> {
 public:
  // `inner` outlives this object.
  IdentifyingObserver(CreateIdentity identity, CreateObserver<T>& inner)
      : identity_(std::move(identity)), inner_(inner) {}

  Task<absl::Status> OnState(const T& object) override {
    identity_.NoteId(object.id());
    return inner_.OnState(object);
  }
  void EndBy(Clock::TimePoint limit) override { inner_.EndBy(limit); }
  Task<absl::Status> OnLog(v1::LogChunk chunk) override { return inner_.OnLog(std::move(chunk)); }
  Task<absl::Status> OnWarning(v1::Warning warning) override {
    return inner_.OnWarning(identity_.In(std::move(warning)));
  }

 private:
  CreateIdentity identity_;
  CreateObserver<T>& inner_;
};

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_OPERATIONS_CREATE_IDENTITY_H_
