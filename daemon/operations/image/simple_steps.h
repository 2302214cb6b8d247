#ifndef DAYTONAD_DAEMON_OPERATIONS_IMAGE_SIMPLE_STEPS_H_
#define DAYTONAD_DAEMON_OPERATIONS_IMAGE_SIMPLE_STEPS_H_

#include <string>
#include <string_view>
#include <vector>

#include "daemon/operations/image/draft.h"
#include "daytonad/v1/image.pb.h"

// The steps that need no files. Each appends its lines to the draft, or refuses text that is not one instruction.
// `field` is the path of the given message or value.
namespace daytonad {

void PlanRunCommands(const v1::RunCommands& step, std::string_view field, PlanDraft& draft);
void PlanEnv(const v1::ImageEnv& step, std::string_view field, PlanDraft& draft);
void PlanWorkdir(std::string_view workdir, std::string_view field, PlanDraft& draft);
void PlanAptGet(const v1::AptGet& step, std::string_view field, PlanDraft& draft);
void PlanUser(std::string_view user, std::string_view field, PlanDraft& draft);
void PlanExpose(const v1::ExposePorts& step, std::string_view field, PlanDraft& draft);
void PlanLabel(const v1::ImageLabel& step, std::string_view field, PlanDraft& draft);
void PlanVolume(const v1::MountPoints& step, std::string_view field, PlanDraft& draft);

// COPY and ADD of paths in the build context.
void PlanCopyPaths(std::string_view keyword, const v1::CopyPaths& step, std::string_view field, PlanDraft& draft);

// ENTRYPOINT and CMD.
void PlanCommandWords(std::string_view keyword, const google::protobuf::RepeatedPtrField<std::string>& words,
                      std::string_view field, PlanDraft& draft);

// `RUN python -m pip install` with `arguments`, already quoted, and the options. `field` is the path of the options.
void AppendPipInstall(std::string_view arguments, const v1::PipOptions& options, std::string_view field,
                      PlanDraft& draft);

// Sorts and quotes packages; the empty string if there are none. Violations name `field`.
std::string PipPackages(std::vector<std::string> packages, std::string_view field, PlanDraft& draft);

// Refuses a path in the image that a Dockerfile cannot name. True if it is valid.
bool CheckImagePath(std::string_view path, std::string_view field, PlanDraft& draft);

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_OPERATIONS_IMAGE_SIMPLE_STEPS_H_
