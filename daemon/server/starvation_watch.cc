#include "daemon/server/starvation_watch.h"

#include <pthread.h>

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "daemon/base/log.h"

namespace daytonad {

StarvationWatch::StarvationWatch(Options options, std::vector<Watched> listeners)
    : options_(options), listeners_(std::move(listeners)), thread_([this] { Run(); }) {
  ::pthread_setname_np(thread_.native_handle(), "daytonad-starve");
}

StarvationWatch::~StarvationWatch() {
  {
    const std::lock_guard lock(mutex_);
    ending_ = true;
  }
  wakeup_.notify_all();
  thread_.join();
}

void StarvationWatch::Run() {
  std::unique_lock lock(mutex_);
  while (!wakeup_.wait_for(lock, options_.interval, [this] { return ending_; })) {
    lock.unlock();
    Look();
    lock.lock();
  }
}

void StarvationWatch::Look() const {
  for (const Watched& listener : listeners_) {
    const std::vector<ConnectionTable::Id> before = listener.connections->WithUnread(options_.much);
    if (before.empty() || AnswersPing(listener.address, options_.patience)) continue;
    const std::vector<ConnectionTable::Id> after = listener.connections->WithUnread(options_.much);
    size_t count = 0;
    for (const ConnectionTable::Id id : before) {
      if (std::find(after.begin(), after.end(), id) == after.end()) continue;
      listener.connections->ShutDown(id);
      ++count;
    }
    if (count == 0) continue;
    Log(LogLevel::kWarning, "connections are shut down: they send without a pause, and others wait",
        {{"connections", absl::StrCat(count)}, {"listener", listener.address.listener}});
  }
}

}  // namespace daytonad
