#ifndef DAYTONAD_DAEMON_STATE_LRU_LIST_H_
#define DAYTONAD_DAEMON_STATE_LRU_LIST_H_

#include <cstddef>
#include <list>
#include <string>

namespace daytonad {

// Ids in the order of their last use. Pinned ids stand apart: they are not evicted.
class LruList {
 public:
  // Where an id stands in the list. The record of the id keeps it.
  struct Place {
    std::list<std::string>::iterator entry;
    bool pinned = false;
  };

  Place Add(const std::string& id) {
    order_.push_front(id);
    return {order_.begin(), false};
  }
  // Marks the id as just used.
  void Touch(Place& place, bool pinned) {
    std::list<std::string>& from = place.pinned ? pinned_ : order_;
    std::list<std::string>& to = pinned ? pinned_ : order_;
    place.pinned = pinned;
    to.splice(to.begin(), from, place.entry);
  }

  // Counts the ids that are not pinned.
  size_t size() const { return order_.size(); }
  const std::string& last() const { return order_.back(); }
  void PopLast() { order_.pop_back(); }

 private:
  std::list<std::string> order_;  // the most recently used first
  std::list<std::string> pinned_;
};

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_STATE_LRU_LIST_H_
