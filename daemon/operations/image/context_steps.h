#ifndef DAYTONAD_DAEMON_OPERATIONS_IMAGE_CONTEXT_STEPS_H_
#define DAYTONAD_DAEMON_OPERATIONS_IMAGE_CONTEXT_STEPS_H_

#include <string>
#include <string_view>

#include "daemon/operations/image/draft.h"
#include "daemon/operations/image/host_files.h"
#include "daytonad/v1/image.pb.h"

// The base and the steps that need files: what they copy becomes a context of the draft. `field` is the path of the
// given message.
namespace daytonad {

void PlanDockerfile(const v1::DockerfileFile& file, std::string_view field, const HostFiles& files, PlanDraft& draft);
void PlanRequirements(const v1::PipInstallFromRequirements& step, std::string_view field, const HostFiles& files,
                      PlanDraft& draft);
void PlanPyproject(const v1::PipInstallFromPyproject& step, std::string_view field, const HostFiles& files,
                   PlanDraft& draft);
void PlanLocalFile(const v1::AddLocalFile& step, std::string_view field, const HostFiles& files, PlanDraft& draft);
void PlanLocalDir(const v1::AddLocalDir& step, std::string_view field, const HostFiles& files, PlanDraft& draft);
void PlanDockerfileCommands(const v1::DockerfileCommands& step, std::string_view field, const HostFiles& files,
                            PlanDraft& draft);

// A context that was uploaded before, with any content.
void PlanUploaded(const std::string& hash, std::string_view field, PlanDraft& draft);

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_OPERATIONS_IMAGE_CONTEXT_STEPS_H_
