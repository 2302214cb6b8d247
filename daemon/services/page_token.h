#ifndef DAYTONAD_DAEMON_SERVICES_PAGE_TOKEN_H_
#define DAYTONAD_DAEMON_SERVICES_PAGE_TOKEN_H_

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "daemon/base/call_context.h"
#include "google/protobuf/message.h"

namespace daytonad {

// The contract's page tokens. A token contains upstream's cursor and a fingerprint of its request: upstream's cursor
// does not contain filters and order, so that with others it would silently skip or repeat objects.

// A short digest of everything that must not change between pages, the call's backend included; the same in every
// process. The paging fields of `request` are cleared.
std::string PageScope(const CallContext& context, const google::protobuf::Message& request);

// `cursor` is not empty.
std::string EncodePageToken(std::string_view scope, std::string_view cursor);

// The cursor; empty for an empty token. INVALID_ARGUMENT (field page_token) if the token is invalid or of another
// scope.
absl::StatusOr<std::string> DecodePageToken(std::string_view scope, std::string_view token);

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_SERVICES_PAGE_TOKEN_H_
