#ifndef DAYTONAD_DAEMON_BASE_FAIR_QUEUE_H_
#define DAYTONAD_DAEMON_BASE_FAIR_QUEUE_H_

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <list>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"

namespace daytonad {

// A fair queue: round robin over clients, first come first served for one client. In a plain queue, a client that sends
// a thousand requests at once would delay every other client by all of them.
//
// It holds pointers to the waiters and owns nothing.
template <typename Waiter>
class FairQueue {
 private:
  struct Line {
    std::string client;
    std::list<Waiter*> waiters;  // never empty
  };
  using Lines = std::list<Line>;

 public:
  // A waiter's position; valid until it is removed or popped.
  class Place {
   private:
    friend FairQueue;
    typename Lines::iterator line_;
    typename std::list<Waiter*>::iterator waiter_;
  };

  FairQueue() = default;
  FairQueue(const FairQueue&) = delete;
  FairQueue& operator=(const FairQueue&) = delete;

  Place Add(const std::string& client, Waiter* waiter) {
    auto found = lines_of_.find(client);
    if (found == lines_of_.end()) {
      lines_.push_back({client, {}});
      found = lines_of_.emplace(client, std::prev(lines_.end())).first;
    }
    Place place;
    place.line_ = found->second;
    place.waiter_ = place.line_->waiters.insert(place.line_->waiters.end(), waiter);
    ++size_;
    return place;
  }

  void Remove(const Place& place) {
    place.line_->waiters.erase(place.waiter_);
    --size_;
    if (place.line_->waiters.empty()) Drop(place.line_);
  }

  // Removes and returns the next waiter. The queue must not be empty.
  Waiter* Pop() {
    const auto line = lines_.begin();
    Waiter* next = line->waiters.front();
    line->waiters.pop_front();
    --size_;
    if (line->waiters.empty()) {
      Drop(line);
    } else {
      lines_.splice(lines_.end(), lines_, line);
    }
    return next;
  }

  bool empty() const { return size_ == 0; }
  size_t size() const { return size_; }

  // How many waiters would be served before a new one of this client, if none came later.
  size_t Ahead(const std::string& client) const {
    const auto own = lines_of_.find(client);
    size_t rounds = own == lines_of_.end() ? 0 : own->second->waiters.size();
    size_t ahead = rounds;
    bool before = true;  // lines before the client's own are served once more in the last round
    for (auto line = lines_.begin(); line != lines_.end(); ++line) {
      if (own != lines_of_.end() && line == own->second) {
        before = false;
      } else {
        ahead += std::min(line->waiters.size(), rounds + (before ? 1 : 0));
      }
    }
    return ahead;
  }

  // All waiters, in the order in which they would be served.
  std::vector<Waiter*> InOrder() const {
    using Iterator = typename std::list<Waiter*>::const_iterator;
    std::vector<std::pair<Iterator, Iterator>> rest;
    for (const Line& line : lines_) rest.emplace_back(line.waiters.begin(), line.waiters.end());
    std::vector<Waiter*> order;
    order.reserve(size_);
    while (!rest.empty()) {
      for (auto& [next, end] : rest) order.push_back(*next++);
      std::erase_if(rest, [](const auto& line) { return line.first == line.second; });
    }
    return order;
  }

 private:
  void Drop(typename Lines::iterator line) {
    lines_of_.erase(line->client);
    lines_.erase(line);
  }

  Lines lines_;  // the first one is served next
  absl::flat_hash_map<std::string, typename Lines::iterator> lines_of_;
  size_t size_ = 0;
};

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_BASE_FAIR_QUEUE_H_
