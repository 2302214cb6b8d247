#ifndef DAYTONAD_EMULATOR_WORLD_DOCKERFILE_H_
#define DAYTONAD_EMULATOR_WORLD_DOCKERFILE_H_

#include <string>
#include <string_view>
#include <vector>

namespace daytonad::emulator {

// What a Dockerfile's build will log and how it will end. Nothing is executed.
struct BuildPlan {
  std::vector<std::string> writes;  // each is written to the log at once, as one piece
  std::string error;                // why the build fails; empty if it succeeds
};

// Each instruction logs what a docker build would. `RUN false` and `RUN exit N` fail the build; `RUN echo TEXT` and the
// comment `# log: TEXT` log TEXT; `# log-base64: BYTES` logs exactly those bytes in one write.
BuildPlan PlanBuild(std::string_view dockerfile);

// The words of ENTRYPOINT; "sleep infinity" without one.
std::vector<std::string> Entrypoint(std::string_view dockerfile);

}  // namespace daytonad::emulator

#endif  // DAYTONAD_EMULATOR_WORLD_DOCKERFILE_H_
