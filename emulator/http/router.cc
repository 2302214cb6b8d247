#include "emulator/http/router.h"

#include <utility>

#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "daemon/base/absl_view.h"
#include "emulator/http/url.h"

namespace daytonad::emulator {
namespace {

constexpr std::string_view kAny = "{}";

std::vector<std::string> Segments(std::string_view path) {
  return absl::StrSplit(absl::StripPrefix(AbslView(path), "/"), '/');
}

}  // namespace

void Router::Add(std::string_view method, std::string_view pattern, Access access, Route::Handler handler) {
  Route route{access, std::move(handler), Segments(pattern)};
  auto& same_length = routes_[std::string(method)][route.segments.size()];
  same_length.push_back(std::move(route));
}

const Route* Router::Find(std::string_view method, std::string_view path, std::vector<std::string>& params) const {
  const auto of_method = routes_.find(method);
  if (of_method == routes_.end()) return nullptr;
  const std::vector<std::string> segments = Segments(path);
  const auto candidates = of_method->second.find(segments.size());
  if (candidates == of_method->second.end()) return nullptr;
  for (const Route& route : candidates->second) {
    bool fits = true;
    for (std::size_t i = 0; fits && i < segments.size(); ++i) {
      fits = route.segments[i] == kAny ? !segments[i].empty() : route.segments[i] == segments[i];
    }
    if (!fits) continue;
    for (std::size_t i = 0; i < segments.size(); ++i) {
      if (route.segments[i] == kAny) params.push_back(DecodePath(segments[i]));
    }
    return &route;
  }
  return nullptr;
}

}  // namespace daytonad::emulator
