#include "daemon/state/poll_sources.h"

#include <string>
#include <utility>

namespace daytonad {
namespace {

constexpr int kPageSize = 200;

template <typename Items>
RecentChanges Changes(const Items& items) {
  RecentChanges changes;
  changes.states.reserve(items.size());
  for (const auto& item : items) changes.states.emplace_back(item.id(), item.state_text());
  return changes;
}

Task<absl::StatusOr<RecentChanges>> RecentSandboxes(Api& api, CallContext context, std::string cursor) {
  SandboxListQuery query;
  // Every state change updates the last activity.
  query.sort = v1::SANDBOX_SORT_FIELD_LAST_ACTIVITY_AT;
  query.order = v1::SORT_ORDER_DESC;
  query.page_size = kPageSize;
  absl::StatusOr<SandboxPage> page =
      co_await api.Run(std::move(context), ListSandboxes(std::move(query), std::move(cursor)));
  if (!page.ok()) co_return page.status();
  RecentChanges changes = Changes(page->items);
  changes.next_cursor = std::move(page->next_cursor);
  co_return changes;
}

Task<absl::StatusOr<RecentChanges>> RecentSnapshots(Api& api, CallContext context, std::string cursor) {
  SnapshotListQuery query;
  // Upstream cannot sort by the last change. Most snapshots that change are new.
  query.sort = v1::SNAPSHOT_SORT_FIELD_CREATED_AT;
  query.order = v1::SORT_ORDER_DESC;
  query.page_size = kPageSize;
  const int number = cursor.empty() ? 1 : std::stoi(cursor);
  absl::StatusOr<SnapshotPage> page = co_await api.Run(std::move(context), ListSnapshots(std::move(query), number));
  if (!page.ok()) co_return page.status();
  RecentChanges changes = Changes(page->items);
  if (number < page->totals.total_pages) changes.next_cursor = std::to_string(number + 1);
  co_return changes;
}

Task<absl::StatusOr<RecentChanges>> AllVolumes(Api& api, CallContext context) {
  absl::StatusOr<std::vector<v1::Volume>> volumes = co_await api.Run(std::move(context), ListVolumes(false));
  if (!volumes.ok()) co_return volumes.status();
  co_return Changes(*volumes);
}

}  // namespace

PollSource<v1::Sandbox> SandboxPollSource(Api& api) {
  PollSource<v1::Sandbox> source;
  source.get = [&api](CallContext context, std::string id_or_name) {
    return api.Run(std::move(context), GetSandbox(std::move(id_or_name)));
  };
  source.list = [&api](CallContext context, std::string cursor) {
    return RecentSandboxes(api, std::move(context), std::move(cursor));
  };
  return source;
}

PollSource<v1::Snapshot> SnapshotPollSource(Api& api) {
  PollSource<v1::Snapshot> source;
  source.get = [&api](CallContext context, std::string id_or_name) {
    return api.Run(std::move(context), GetSnapshot(std::move(id_or_name)));
  };
  source.list = [&api](CallContext context, std::string cursor) {
    return RecentSnapshots(api, std::move(context), std::move(cursor));
  };
  return source;
}

PollSource<v1::Volume> VolumePollSource(Api& api) {
  PollSource<v1::Volume> source;
  source.get = [&api](CallContext context, std::string id) {
    return api.Run(std::move(context), GetVolume::ById(std::move(id)));
  };
  source.list = [&api](CallContext context, std::string) { return AllVolumes(api, std::move(context)); };
  return source;
}

}  // namespace daytonad
