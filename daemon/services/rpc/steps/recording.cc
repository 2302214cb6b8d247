#include "daemon/services/rpc/steps/recording.h"

#include <optional>

#include "daemon/services/rpc/call_record.h"
#include "daemon/services/rpc/steps/caller.h"

namespace daytonad {
namespace {

void RecordAtArrival(const Arrival& arrival, Effect effect, std::string_view object, const absl::Status& status,
                     std::optional<ReadSource> source) {
  const RpcRuntime& runtime = arrival.endpoint.runtime;
  if (!runtime.records.Wants(effect, status)) return;
  const Caller caller = IdentifyCaller(arrival.endpoint.listener, arrival.context);
  runtime.records.Write(CallRecord{.method = arrival.endpoint.method.name(),
                                   .effect = effect,
                                   .caller = caller,
                                   .object = object,
                                   .status = status,
                                   .duration = runtime.clock.Now() - arrival.time,
                                   .read_source = source});
}

}  // namespace

void RecordRejected(const Arrival& arrival, const absl::Status& status) {
  RecordAtArrival(arrival, arrival.endpoint.method.info().effect, {}, status, std::nullopt);
}

void RecordHit(const Arrival& arrival, std::string_view object) {
  RecordAtArrival(arrival, Effect::kRead, object, absl::OkStatus(), ReadSource::kHit);
}

void RecordEnd(const RpcRuntime& runtime, const ServerCall& call, const absl::Status& status) {
  if (!runtime.records.Wants(call.effect(), status)) return;
  const CallIdentity& identity = call.context().identity();
  runtime.records.Write(CallRecord{.method = identity.method,
                                   .effect = call.effect(),
                                   .caller = identity.caller,
                                   .object = call.object(),
                                   .status = status,
                                   .duration = runtime.clock.Now() - call.arrival(),
                                   .read_source = identity.facts.read_source,
                                   .upstream_attempts = identity.facts.upstream_attempts,
                                   .call_id = identity.call_id,
                                   .request_id = call.request_id()});
}

}  // namespace daytonad
