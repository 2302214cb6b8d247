#include "daemon/services/rpc/read_source.h"

#include "absl/strings/str_format.h"

namespace daytonad {
namespace {

const char* NameOf(ReadTerms::Source source) {
  switch (source) {
    case ReadTerms::Source::kHit:
      return "hit";
    case ReadTerms::Source::kMiss:
      return "miss";
    case ReadTerms::Source::kCoalesced:
      return "coalesced";
    case ReadTerms::Source::kBypass:
      break;
  }
  return "bypass";
}

}  // namespace

void TellReadSource(grpc::ServerContextBase& context, ReadTerms::Source source, Clock::Duration age) {
  context.AddInitialMetadata(
      "daytonad-cache", absl::StrFormat("%s;age=%.3f", NameOf(source), std::chrono::duration<double>(age).count()));
}

}  // namespace daytonad
