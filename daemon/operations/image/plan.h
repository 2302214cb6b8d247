#ifndef DAYTONAD_DAEMON_OPERATIONS_IMAGE_PLAN_H_
#define DAYTONAD_DAEMON_OPERATIONS_IMAGE_PLAN_H_

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "daemon/operations/image/build_plan.h"
#include "daemon/operations/image/host_files.h"
#include "daytonad/v1/image.pb.h"

// Declarative images: from the contract's steps to the Dockerfile that the Python SDK would write, byte for byte, and
// to what its COPY lines need. What the SDK's text would break is quoted, or else refused: a step never becomes more
// instructions than it says.
namespace daytonad {

// `field` is where the image stands in its request, "spec.declarative_image". Reads from `files`, so not for the loop
// thread.
//
// INVALID_ARGUMENT (INVALID_REQUEST) with the first violations of an image that cannot be built as it is given;
// otherwise the errors of `files`, with the field that names the path.
absl::StatusOr<BuildPlan> PlanImage(const v1::Image& image, std::string_view field, const HostFiles& files);

// A Dockerfile with an ENTRYPOINT of these words at its end, as the SDKs make it of a snapshot's entrypoint.
// INVALID_ARGUMENT (INVALID_REQUEST), with `field` as the words' place, if that can't be.
absl::StatusOr<std::string> WithEntrypoint(std::string_view dockerfile,
                                           const google::protobuf::RepeatedPtrField<std::string>& words,
                                           std::string_view field);

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_OPERATIONS_IMAGE_PLAN_H_
