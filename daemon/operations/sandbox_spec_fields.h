#ifndef DAYTONAD_DAEMON_OPERATIONS_SANDBOX_SPEC_FIELDS_H_
#define DAYTONAD_DAEMON_OPERATIONS_SANDBOX_SPEC_FIELDS_H_

#include <optional>
#include <string>
#include <vector>

#include "daemon/api/api.h"
#include "daemon/api/server_version.h"

// What became of each field of a spec, by one table (sandbox_spec_fields.cc): which servers know the field, and how a
// sandbox tells of it. Servers ignore fields that they do not know.
namespace daytonad {

// The fields of the spec ("spec.ttl_minutes") that this server is known to ignore. None if its version is not known.
std::vector<std::string> FieldsUnknownTo(const std::optional<ServerVersion>& server, const v1::SandboxSpec& spec);

// The fields of the spec that were ignored when this sandbox was made: the server is known not to know them, or newer
// servers would tell of them and this one says nothing.
std::vector<std::string> IgnoredFields(const std::optional<ServerVersion>& server, const v1::SandboxSpec& spec,
                                       const v1::Sandbox& sandbox);

// Is this sandbox, FULL, what the request asks for, as far as it tells? What is not asked for has the default that the
// contract names. `build` is what the spec's image came down to.
bool FitsSpec(const v1::Sandbox& sandbox, const v1::SandboxSpec& spec, const std::optional<ImageBuild>& build,
              const std::optional<ServerVersion>& server);

// The filters that this server is known to ignore.
std::vector<std::string> FiltersUnknownTo(const std::optional<ServerVersion>& server, const v1::SandboxFilter& filter);

// The filters that some sandbox of the answer does not match, so that they were ignored. Servers that are known to know
// a filter are trusted.
std::vector<std::string> IgnoredFilters(const std::optional<ServerVersion>& server, const v1::SandboxFilter& filter,
                                        const std::vector<v1::Sandbox>& sandboxes);

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_OPERATIONS_SANDBOX_SPEC_FIELDS_H_
