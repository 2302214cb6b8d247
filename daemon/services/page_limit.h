#ifndef DAYTONAD_DAEMON_SERVICES_PAGE_LIMIT_H_
#define DAYTONAD_DAEMON_SERVICES_PAGE_LIMIT_H_

#include <google/protobuf/repeated_field.h>

#include <cstddef>

#include "absl/status/status.h"
#include "daytonad/v1/sandbox.pb.h"
#include "daytonad/v1/snapshot.pb.h"

// The size limit of a list page. A gRPC client accepts messages of 4 MiB by default and rejects larger ones as a whole;
// 200 objects with long Dockerfiles may exceed that.
namespace daytonad {

// The rest of the 4 MiB is for the fields around the objects.
inline constexpr size_t kMaxPageBytes = 3'500'000;

// The size of the objects in a message.
template <typename Object>
size_t EncodedBytes(const Object& object) {
  constexpr size_t kTagAndLength = 6;
  return object.ByteSizeLong() + kTagAndLength;
}
template <typename Objects>
size_t PageBytes(const Objects& objects) {
  size_t bytes = 0;
  for (const auto& object : objects) bytes += EncodedBytes(object);
  return bytes;
}

// Clears the fields that VIEW_BASIC does not have.
void MakeBasic(v1::Sandbox& sandbox);
void MakeBasic(v1::Snapshot& snapshot);

// RESOURCE_EXHAUSTED (PAGE_TOO_LARGE).
absl::Status PageTooLarge(size_t count, size_t bytes);

// Shrinks a page that is too large by making all its objects BASIC. The page stays complete, because a page number does
// not tell where the previous page ended. An error if even that is too large; a single object is always sent.
template <typename Object>
absl::Status FitPage(google::protobuf::RepeatedPtrField<Object>& objects) {
  if (objects.size() <= 1 || PageBytes(objects) <= kMaxPageBytes) return absl::OkStatus();
  for (Object& object : objects) MakeBasic(object);
  const size_t bytes = PageBytes(objects);
  return bytes <= kMaxPageBytes ? absl::OkStatus() : PageTooLarge(static_cast<size_t>(objects.size()), bytes);
}

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_SERVICES_PAGE_LIMIT_H_
