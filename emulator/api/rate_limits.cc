#include "emulator/api/rate_limits.h"

namespace daytonad::emulator {

RateLimits::RateLimits(std::map<std::string, RateLimit> limits) {
  for (auto& [name, limit] : limits) windows_[name].limit = limit;
}

RateLimits::Verdict RateLimits::Peek(std::string_view throttler, WallTime now) const {
  const auto found = windows_.find(throttler);
  if (found == windows_.end()) return {};
  const Window& window = found->second;
  const bool fresh = now >= window.ends;
  Verdict verdict;
  verdict.limited = true;
  verdict.limit = window.limit.limit;
  verdict.remaining = verdict.limit - (fresh ? 0 : window.used);
  verdict.allowed = verdict.remaining > 0;
  verdict.reset_s = fresh ? window.limit.window_s : (window.ends - now + 999) / 1000;
  return verdict;
}

RateLimits::Verdict RateLimits::Take(std::string_view throttler, WallTime now) {
  Verdict verdict = Peek(throttler, now);
  if (!verdict.limited) return verdict;
  Window& window = windows_.find(throttler)->second;
  if (now >= window.ends) {
    window.ends = now + window.limit.window_s * 1000;
    window.used = 0;
  }
  if (verdict.allowed) {
    ++window.used;
    --verdict.remaining;
  }
  return verdict;
}

}  // namespace daytonad::emulator
