#ifndef DAYTONAD_DAEMON_SERVICES_CHECKS_SPEC_CHECKS_H_
#define DAYTONAD_DAEMON_SERVICES_CHECKS_SPEC_CHECKS_H_

#include <google/protobuf/repeated_field.h>

#include <string>

#include "daemon/base/error.h"
#include "daytonad/v1/sandbox.pb.h"
#include "daytonad/v1/snapshot.pb.h"

// Checks specs of creates and filters of lists. Rejects what the official SDKs reject and what upstream would certainly
// reject; field paths begin with "spec" and "filter".
namespace daytonad {

void CheckSpec(const v1::SandboxSpec& spec, FieldViolations& violations);
void CheckSpec(const v1::SnapshotSpec& spec, FieldViolations& violations);

// The entries of an allow list, which upstream takes as one comma-separated string.
void CheckNetworkRules(const char* field, const google::protobuf::RepeatedPtrField<std::string>& rules,
                       FieldViolations& violations);

// The two kinds of paging support different filters and sort fields.
enum class Paging { kToken, kNumbered };
void CheckFilter(const v1::SandboxFilter& filter, Paging paging, FieldViolations& violations);
void CheckSort(v1::SandboxSortField sort, Paging paging, FieldViolations& violations);

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_SERVICES_CHECKS_SPEC_CHECKS_H_
