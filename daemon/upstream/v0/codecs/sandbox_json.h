#ifndef DAYTONAD_DAEMON_UPSTREAM_V0_CODECS_SANDBOX_JSON_H_
#define DAYTONAD_DAEMON_UPSTREAM_V0_CODECS_SANDBOX_JSON_H_

#include <string_view>

#include "absl/status/statusor.h"
#include "daemon/api/api.h"
#include "daemon/upstream/v0/codecs/json_fields.h"
#include "daytonad/v1/sandbox.pb.h"

namespace daytonad {

// Each returns UPSTREAM_FOREIGN_ANSWER if the JSON lacks a required field.
absl::StatusOr<v1::Sandbox> ReadSandbox(const Json& json);
absl::StatusOr<SandboxPage> ReadSandboxPage(const Json& json);
absl::StatusOr<NumberedSandboxPage> ReadNumberedSandboxPage(const Json& json);

// The position of a numbered page; missing values are 0.
PageTotals ReadPageTotals(const Json& json);

// The body of POST /sandbox, as the SDKs send it. `default_target` is used if the spec has none; it may be empty.
OrderedJson WriteNewSandbox(const CreateSandbox& sandbox, std::string_view default_target);

// A JSON object in one string, for the `labels` parameter of lists.
std::string LabelsText(const google::protobuf::Map<std::string, std::string>& labels);

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_UPSTREAM_V0_CODECS_SANDBOX_JSON_H_
