#ifndef DAYTONAD_DAEMON_OPERATIONS_IMAGE_TESTING_INSTRUCTION_LISTER_H_
#define DAYTONAD_DAEMON_OPERATIONS_IMAGE_TESTING_INSTRUCTION_LISTER_H_

#include <string>
#include <string_view>
#include <vector>

#include "daemon/operations/image/build_plan.h"
#include "daemon/operations/image/host_files.h"
#include "daytonad/v1/image.pb.h"

namespace daytonad {

// The keywords of a Dockerfile's instructions, upper case, in order. Shares no code with what it tests.
std::vector<std::string> ListInstructions(std::string_view dockerfile, char escape);

// What is wrong with the plan of an image: its Dockerfile has other instructions than the image's steps say, a
// character that ends a line for some readers came through, or a context could be unpacked outside of the build's root.
// Empty if nothing is. `files` are those that the plan was made with.
std::string FindInjection(const v1::Image& image, const BuildPlan& plan, const HostFiles& files);

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_OPERATIONS_IMAGE_TESTING_INSTRUCTION_LISTER_H_
