#ifndef DAYTONAD_DAEMON_API_RESULTS_H_
#define DAYTONAD_DAEMON_API_RESULTS_H_

#include <google/protobuf/descriptor.h>
#include <google/protobuf/message.h>

#include <concepts>
#include <memory>
#include <type_traits>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "daemon/api/operations.h"

// What generic code can tell about the result of any operation.
namespace daytonad {

inline const absl::Status& StatusOf(const absl::Status& status) { return status; }
template <typename T>
const absl::Status& StatusOf(const absl::StatusOr<T>& result) {
  return result.status();
}

// The objects that state/ caches.
template <typename T>
concept CachedType = std::same_as<T, v1::Sandbox> || std::same_as<T, v1::Snapshot> || std::same_as<T, v1::Volume>;

// The object that the operation returns; void if it returns something else.
template <typename Result>
struct ObjectInResult {
  using Type = void;
};
template <CachedType T>
struct ObjectInResult<absl::StatusOr<T>> {
  using Type = T;
};
template <typename Op>
using ReturnedObject = typename ObjectInResult<typename Op::Result>::Type;
template <typename Op>
concept ReturnsObject = !std::is_void_v<ReturnedObject<Op>>;

// The object in the result; null if there is none of this type.
template <CachedType T>
const T* ObjectIn(const absl::StatusOr<T>& result) {
  return result.ok() ? &*result : nullptr;
}
template <CachedType T>
const T* ObjectIn(const ForwardedCall::Result& result) {
  if (!result.ok()) return nullptr;
  const google::protobuf::Message& message = **result;
  const google::protobuf::Reflection& reflection = *message.GetReflection();
  std::vector<const google::protobuf::FieldDescriptor*> fields;
  reflection.ListFields(message, &fields);
  for (const google::protobuf::FieldDescriptor* field : fields) {
    if (field->is_repeated() || field->message_type() != T::descriptor()) continue;
    return static_cast<const T*>(&reflection.GetMessage(message, field));
  }
  return nullptr;
}
template <CachedType T, typename Other>
const T* ObjectIn(const Other&) {
  return nullptr;
}

// The objects in the answer to a list.
inline std::vector<v1::Sandbox>& ItemsIn(SandboxPage& page) { return page.items; }
inline std::vector<v1::Sandbox>& ItemsIn(NumberedSandboxPage& page) { return page.items; }
inline std::vector<v1::Snapshot>& ItemsIn(SnapshotPage& page) { return page.items; }
inline std::vector<v1::Volume>& ItemsIn(std::vector<v1::Volume>& volumes) { return volumes; }
template <typename Op>
concept ReturnsItems = requires(typename Op::Result result) {
  ItemsIn(*result);
};
template <ReturnsItems Op>
using ItemOf = typename std::remove_reference_t<decltype(ItemsIn(*std::declval<typename Op::Result&>()))>::value_type;

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_API_RESULTS_H_
