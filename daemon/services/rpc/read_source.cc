#include "daemon/services/rpc/read_source.h"

#include "absl/strings/str_format.h"

namespace daytonad {

std::string_view NameOf(ReadSource source) {
  switch (source) {
    case ReadSource::kHit:
      return "hit";
    case ReadSource::kMiss:
      return "miss";
    case ReadSource::kCoalesced:
      return "coalesced";
    case ReadSource::kBypass:
      break;
  }
  return "bypass";
}

void TellReadSource(grpc::ServerContextBase& context, ReadSource source, Clock::Duration age) {
  context.AddInitialMetadata(
      "daytonad-cache", absl::StrFormat("%s;age=%.3f", NameOf(source), std::chrono::duration<double>(age).count()));
}

}  // namespace daytonad
