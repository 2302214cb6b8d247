#ifndef DAYTONAD_DAEMON_STATE_RECENCY_H_
#define DAYTONAD_DAEMON_STATE_RECENCY_H_

#include <cstddef>
#include <list>
#include <string>

namespace daytonad {

// Which ids were used least recently, but for those that are held: these are not to be forgotten.
class Recency {
 public:
  // Kept by whoever has what the id stands for.
  struct Place {
    std::list<std::string>::iterator entry;
    bool held = false;
  };

  Place Add(const std::string& id) {
    order_.push_front(id);
    return {order_.begin(), false};
  }
  // It was used just now.
  void Touch(Place& place, bool held) {
    std::list<std::string>& from = place.held ? held_ : order_;
    std::list<std::string>& to = held ? held_ : order_;
    place.held = held;
    to.splice(to.begin(), from, place.entry);
  }

  // Of those that are not held.
  size_t size() const { return order_.size(); }
  const std::string& last() const { return order_.back(); }
  void ForgetLast() { order_.pop_back(); }

 private:
  std::list<std::string> order_;  // the most recently used first
  std::list<std::string> held_;
};

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_STATE_RECENCY_H_
