#ifndef DAYTONAD_DAEMON_SERVICES_RPC_READ_SOURCE_H_
#define DAYTONAD_DAEMON_SERVICES_RPC_READ_SOURCE_H_

#include <google/protobuf/duration.pb.h>
#include <grpcpp/server_context.h>

#include <chrono>
#include <optional>
#include <string_view>

#include "daemon/base/call_context.h"
#include "daemon/base/clock.h"
#include "daemon/services/rpc/server_call.h"

// `max_age` of requests, and the initial metadata that says where an answer came from (common.proto).
namespace daytonad {

// A read that may be answered from the cache.
template <typename Request>
concept HasMaxAge = requires(const Request& request) {
  request.has_max_age();
};

// Zero for an invalid value: no cached answer, and the handler rejects it.
template <HasMaxAge Request>
std::optional<Clock::Duration> MaxAgeOf(const Request& request) {
  constexpr int64_t kLongest = int64_t{24} * 3600;  // nothing is cached longer, and it must not overflow the clock
  if (!request.has_max_age()) return std::nullopt;
  const google::protobuf::Duration& age = request.max_age();
  if (age.seconds() < 0 || age.nanos() < 0 || age.nanos() > 999'999'999) return Clock::Duration::zero();
  if (age.seconds() > kLongest) return std::chrono::seconds(kLongest);
  return std::chrono::seconds(age.seconds()) + std::chrono::nanoseconds(age.nanos());
}

// Lets the cache answer the call, on the request's terms, if it is such a read. On the loop.
template <typename Request>
void SetReadTerms(const Request& request, ServerCall& call) {
  if constexpr (HasMaxAge<Request>) {
    call.context().facts().read_source = ReadSource::kBypass;
    const ReadTerms terms{MaxAgeOf(request)};
    call.set_context(call.context().WithReadTerms(terms));
  }
}

// "hit".
std::string_view NameOf(ReadSource source);

// Adds `daytonad-cache`. Call it once, before the answer.
void TellReadSource(grpc::ServerContextBase& context, ReadSource source, Clock::Duration age);

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_SERVICES_RPC_READ_SOURCE_H_
