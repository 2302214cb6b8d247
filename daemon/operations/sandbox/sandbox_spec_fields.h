#ifndef DAYTONAD_DAEMON_OPERATIONS_SANDBOX_SANDBOX_SPEC_FIELDS_H_
#define DAYTONAD_DAEMON_OPERATIONS_SANDBOX_SANDBOX_SPEC_FIELDS_H_

#include <optional>
#include <string>
#include <vector>

#include "daemon/api/api.h"
#include "daemon/api/server_version.h"

// Whether a server applied each field of a spec, by one table (sandbox_spec_fields.cc): which server versions know the
// field, and where a sandbox shows it. Servers ignore unknown fields.
namespace daytonad {

// The fields of the spec ("spec.ttl_minutes") that this server is known to ignore. None if its version is unknown.
std::vector<std::string> FieldsUnknownTo(const std::optional<ServerVersion>& server, const v1::SandboxSpec& spec);

// The fields of the spec that were ignored when this sandbox was created: the server is known not to know them, or the
// sandbox lacks fields that newer servers would show.
std::vector<std::string> IgnoredFields(const std::optional<ServerVersion>& server, const v1::SandboxSpec& spec,
                                       const v1::Sandbox& sandbox);

// Whether this full sandbox matches the request, as far as its fields show. Unset fields have the contract's defaults.
// `build` is the build of the spec's image.
bool FitsSpec(const v1::Sandbox& sandbox, const v1::SandboxSpec& spec, const std::optional<ImageBuild>& build,
              const std::optional<ServerVersion>& server);

// The filters that this server is known to ignore.
std::vector<std::string> FiltersUnknownTo(const std::optional<ServerVersion>& server, const v1::SandboxFilter& filter);

// The filters that some sandbox of the answer does not match, which means that they were ignored. Servers that are
// known to support a filter are trusted.
std::vector<std::string> IgnoredFilters(const std::optional<ServerVersion>& server, const v1::SandboxFilter& filter,
                                        const std::vector<v1::Sandbox>& sandboxes);

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_OPERATIONS_SANDBOX_SANDBOX_SPEC_FIELDS_H_
