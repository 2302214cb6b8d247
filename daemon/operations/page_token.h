#ifndef DAYTONAD_DAEMON_OPERATIONS_PAGE_TOKEN_H_
#define DAYTONAD_DAEMON_OPERATIONS_PAGE_TOKEN_H_

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "google/protobuf/message.h"

namespace daytonad {

// Page tokens of the contract. A token holds upstream's cursor and a fingerprint of the request that it belongs to:
// upstream's cursor knows nothing of filters and order, so that with others it would silently skip or repeat objects.

// A short digest of what may not change between pages; the same in every process. `request` has its paging fields
// cleared.
std::string PageScope(const google::protobuf::Message& request);

// `cursor` is not empty.
std::string EncodePageToken(std::string_view scope, std::string_view cursor);

// The cursor; empty for an empty token. INVALID_ARGUMENT (on field page_token) if the token is broken or of another
// scope.
absl::StatusOr<std::string> DecodePageToken(std::string_view scope, std::string_view token);

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_OPERATIONS_PAGE_TOKEN_H_
