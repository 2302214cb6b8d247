#ifndef DAYTONAD_DAEMON_OPERATIONS_IMAGE_PLAN_H_
#define DAYTONAD_DAEMON_OPERATIONS_IMAGE_PLAN_H_

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "daemon/operations/image/build_plan.h"
#include "daemon/operations/image/host_files.h"
#include "daytonad/v1/image.pb.h"

// Declarative images: converts the contract's steps to the Dockerfile that the Python SDK would write, byte for byte,
// and to the contexts of its COPY lines. Text that would break a line in the SDK is quoted or refused: a step cannot
// add other instructions.
namespace daytonad {

// `field` is the image's path in the request, "spec.declarative_image". Reads `files`: do not call on the loop thread.
//
// INVALID_ARGUMENT (INVALID_REQUEST) with the first violations of an invalid image; otherwise the errors of `files`,
// with the field that names the path.
absl::StatusOr<BuildPlan> PlanImage(const v1::Image& image, std::string_view field, const HostFiles& files);

// A Dockerfile with an ENTRYPOINT of these words at its end, as the SDKs write a snapshot's entrypoint.
// INVALID_ARGUMENT (INVALID_REQUEST) for `field` if that is not possible.
absl::StatusOr<std::string> WithEntrypoint(std::string_view dockerfile,
                                           const google::protobuf::RepeatedPtrField<std::string>& words,
                                           std::string_view field);

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_OPERATIONS_IMAGE_PLAN_H_
