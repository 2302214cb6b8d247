#ifndef DAYTONAD_DAEMON_STATE_TESTING_OBJECT_CACHE_FIXTURE_H_
#define DAYTONAD_DAEMON_STATE_TESTING_OBJECT_CACHE_FIXTURE_H_

#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <utility>
#include <vector>

#include "daemon/state/object_cache.h"
#include "daemon/state/testing/objects.h"

namespace daytonad {

class ObjectCacheTest : public ::testing::Test, protected ObjectCache<v1::Sandbox>::Listener {
 protected:
  using Objects = ObjectCache<v1::Sandbox>;

  ObjectCacheTest() { cache_.set_listener(this); }

  void OnChanged(const std::string& id, const Objects::Known& known, ObservationSource) override {
    told_.push_back(id + (known.gone ? " gone" : " " + known.object->state_text()));
  }
  void OnUnconfirmed(const std::string& id, ObservationSource) override { told_.push_back(id + " unconfirmed"); }

  Clock::TimePoint At(int second) const {
    return Clock::TimePoint(std::chrono::hours(10) + std::chrono::seconds(second));
  }

  // A read that is sent and answered now.
  void Read(const v1::Sandbox& sandbox) {
    cache_.Observe(sandbox, ObservationSource::kRead, cache_.NextRevision(), At(0));
  }
  void Event(const v1::Sandbox& sandbox) {
    cache_.Observe(sandbox, ObservationSource::kEvent, cache_.NextRevision(), At(0));
  }
  void ListItem(const v1::Sandbox& item) {
    cache_.Observe(item, ObservationSource::kListItem, cache_.NextRevision(), At(0));
  }
  void EndMutation(const Objects::Mutation& mutation, const v1::Sandbox& answer) {
    cache_.EndMutation(mutation, &answer, At(0));
  }

  std::string StateOfKnown(const std::string& id) {
    const Objects::Known* known = cache_.Find(id);
    if (known == nullptr) return "unknown";
    if (known->gone) return "gone";
    return known->object->state_text() + (known->confirmed_at == kLongAgo ? " unconfirmed" : "");
  }
  // What a read from the cache would return.
  std::string Published(const std::string& key) const {
    const auto entry = cache_.index().Find(key);
    return entry == nullptr ? "nothing" : entry->object->id() + " " + entry->object->state_text();
  }

  std::vector<std::string> Told() { return std::exchange(told_, {}); }

  Objects cache_{1 << 20};
  std::vector<std::string> told_;
};

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_STATE_TESTING_OBJECT_CACHE_FIXTURE_H_
