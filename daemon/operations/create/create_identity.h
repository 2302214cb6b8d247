#ifndef DAYTONAD_DAEMON_OPERATIONS_CREATE_CREATE_IDENTITY_H_
#define DAYTONAD_DAEMON_OPERATIONS_CREATE_CREATE_IDENTITY_H_

#include <map>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "daemon/base/call_context.h"
#include "daemon/base/error.h"
#include "daemon/operations/create/create.h"
#include "daytonad/v1/common.pb.h"

namespace daytonad {

// The call's request id; empty if it has none.
inline std::string RequestIdOf(const CallContext& context) {
  return context.request_key() == nullptr ? std::string() : context.request_key()->id;
}

// The known outcome of an earlier call with the same request id; null if there was none.
inline const EarlierRequest* EarlierOf(const CallContext& context) {
  const RequestKey* const key = context.request_key();
  return key == nullptr || !key->earlier.has_value() ? nullptr : &*key->earlier;
}

// The id of what an earlier call mutated, if it did; else empty.
inline std::string MutatedEarlier(const CallContext& context) {
  const EarlierRequest* const earlier = EarlierOf(context);
  return earlier == nullptr || !earlier->done ? std::string() : earlier->object_id;
}

// Whether an earlier call may have mutated something, with an unknown outcome or object.
inline bool MayHaveMutatedEarlier(const CallContext& context) {
  const EarlierRequest* const earlier = EarlierOf(context);
  return earlier != nullptr && (!earlier->done || earlier->object_id.empty());
}

// Identifies a create in the metadata of each of its errors and warnings: whatever happens to the call, the caller can
// find what it may have left behind, or repeat it.
class CreateIdentity {
 public:
  // `kind` is the prefix of the keys, "sandbox".
  CreateIdentity(std::string kind, const std::string& name, const std::string& request_id) : kind_(std::move(kind)) {
    Note("_name", name);
    if (!request_id.empty()) facts_["request_id"] = request_id;
  }

  void NoteId(const std::string& id) { Note("_id", id); }

  // Existing metadata is kept.
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

// Adds the identity to every warning.
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

#endif  // DAYTONAD_DAEMON_OPERATIONS_CREATE_CREATE_IDENTITY_H_
