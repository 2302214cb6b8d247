#include "daemon/server/memory_growth.h"

#include <algorithm>
#include <limits>
#include <utility>

namespace daytonad {
namespace {

// The memory of a call, estimated high: a waiting call takes 15 to 24 KiB, most of it in gRPC.
constexpr size_t kBytesOfCall = size_t{24} << 10;
constexpr size_t kBytesOfConnection = size_t{32} << 10;
// Allowance for short-lived memory that neither calls nor connections explain: upstream's answers, images, uploads.
constexpr size_t kMostSlack = size_t{96} << 20;
// Smaller differences do not count as growth.
constexpr size_t kLeastGrowth = size_t{4} << 20;
// The weight of earlier samples decays with each sample.
constexpr double kFade = 0.8;
constexpr double kLeastWeight = 8 << 10;
// The chosen connections have this share of the total weight.
constexpr double kShare = 0.9;
constexpr double kWeightOfNew = 4;

// While half of the memory is free, a connection may have any number of calls. When memory is scarce, 10,000 calls fit
// if they come on at least seventy connections.
size_t ShareOf(size_t resident, size_t max_bytes) {
  if (resident < max_bytes / 2) return std::numeric_limits<size_t>::max();
  if (resident < max_bytes / 4 * 3) return 500;
  if (resident < max_bytes - max_bytes / 32) return 150;
  return 0;
}

}  // namespace

size_t MemoryGrowth::Extreme::Add(TimePoint now, size_t value) {
  while (!seen_.empty() && (lowest_ ? seen_.back().value >= value : seen_.back().value <= value)) seen_.pop_back();
  seen_.push_back({now, value});
  while (seen_.front().when + span_ < now) seen_.pop_front();
  return seen_.front().value;
}

MemoryGrowth::Verdict MemoryGrowth::Judge(TimePoint now, const Sample& sample) {
  const size_t explained = explained_.Add(now, sample.calls * kBytesOfCall + sample.connections * kBytesOfConnection);
  const size_t unexplained = sample.resident - std::min(sample.resident, explained);
  const size_t usual = unexplained_.Add(now, unexplained);
  const size_t slack = std::min(kMostSlack, max_bytes_ / 3);
  Verdict verdict;
  verdict.share = ShareOf(sample.resident, max_bytes_);
  verdict.too_much = sample.resident > max_bytes_ || unexplained > usual + slack;
  verdict.suspicious = verdict.too_much || unexplained > usual + slack / 4;
  verdict.growing = sample.resident > resident_.Add(now, sample.resident) + kLeastGrowth;
  return verdict;
}

void BusyConnections::Add(const std::vector<Loads>& of_listeners) {
  std::unordered_map<Key, double, Hash> now;
  for (const Loads& listener : of_listeners) {
    for (const ConnectionTable::Load& load : listener.loads) {
      const Key key(listener.table, load.id);
      const auto before = weights_.find(key);
      const double faded = before == weights_.end() ? 0 : before->second * kFade;
      now.emplace(key, faded + static_cast<double>(load.bytes_in + load.bytes_untaken));
    }
  }
  weights_ = std::move(now);
}

std::vector<BusyConnections::Culprit> BusyConnections::Choose(const std::vector<Loads>& of_listeners,
                                                              MemoryGrowth::TimePoint growth_began) const {
  std::vector<std::pair<double, Culprit>> weighed;
  double total = 0;
  for (const Loads& listener : of_listeners) {
    for (const ConnectionTable::Load& load : listener.loads) {
      const auto found = weights_.find(Key(listener.table, load.id));
      if (found == weights_.end() || found->second < kLeastWeight) continue;
      const double weight = found->second * (load.since > growth_began ? kWeightOfNew : 1);
      total += weight;
      weighed.emplace_back(weight, Culprit{listener.table, load});
    }
  }
  std::sort(weighed.begin(), weighed.end(), [](const auto& a, const auto& b) { return a.first > b.first; });
  std::vector<Culprit> chosen;
  double sum = 0;
  for (const auto& [weight, culprit] : weighed) {
    if (sum >= kShare * total) break;
    sum += weight;
    chosen.push_back(culprit);
  }
  return chosen;
}

}  // namespace daytonad
