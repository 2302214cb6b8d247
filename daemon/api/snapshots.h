#ifndef DAYTONAD_DAEMON_API_SNAPSHOTS_H_
#define DAYTONAD_DAEMON_API_SNAPSHOTS_H_

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "daemon/api/image_build.h"
#include "daemon/api/operation.h"
#include "daemon/api/page_totals.h"
#include "daytonad/v1/snapshot.pb.h"

// The operations on snapshots.
namespace daytonad {

struct CreateSnapshot {
  using Result = absl::StatusOr<v1::Snapshot>;

  CreateSnapshot() = default;
  CreateSnapshot(v1::SnapshotSpec spec, std::optional<ImageBuild> build)
      : spec(std::move(spec)), build(std::move(build)) {}
  OperationInfo info() const { return {"CreateSnapshot", ObjectKind::kSnapshot, OperationRole::kCreate, spec.name()}; }

  // Its `source` is used only if it is an image reference; an image to build is in `build`.
  v1::SnapshotSpec spec;
  std::optional<ImageBuild> build;
};

struct GetSnapshot : KeyedOperation {
  using Result = absl::StatusOr<v1::Snapshot>;

  explicit GetSnapshot(std::string id_or_name) : KeyedOperation(std::move(id_or_name)) {}
  OperationInfo info() const {
    return {"GetSnapshot", ObjectKind::kSnapshot, OperationRole::kGet, key, KeyForm::kIdOrName, Caching::kWhileFresh};
  }
  std::string share_key() const { return ""; }
};

struct SnapshotListQuery {
  std::string name;
  std::string source_sandbox;
  v1::SnapshotSortField sort = v1::SNAPSHOT_SORT_FIELD_UNSPECIFIED;
  v1::SortOrder order = v1::SORT_ORDER_UNSPECIFIED;
  // 0: upstream's default (100).
  int page_size = 0;
};

struct SnapshotPage {
  std::vector<v1::Snapshot> items;
  PageTotals totals;
};

struct ListSnapshots {
  using Result = absl::StatusOr<SnapshotPage>;

  // `page` counts from 1.
  ListSnapshots(SnapshotListQuery query, int page) : query(std::move(query)), page(page) {}
  OperationInfo info() const { return {"ListSnapshots", ObjectKind::kSnapshot, OperationRole::kList}; }
  std::string share_key() const {
    return absl::StrCat(static_cast<int>(query.sort), ",", static_cast<int>(query.order), ",", query.page_size, ",",
                        page, ",", query.name.size(), "/", query.name, query.source_sandbox);
  }
  bool Shows(const v1::Snapshot&, bool exists) const { return exists; }

  SnapshotListQuery query;
  int page;
};

struct ActivateSnapshot : KeyedOperation {
  using Result = absl::StatusOr<v1::Snapshot>;

  explicit ActivateSnapshot(std::string id) : KeyedOperation(std::move(id)) {}
  OperationInfo info() const { return {"ActivateSnapshot", ObjectKind::kSnapshot, OperationRole::kMutate, key}; }
};

struct DeactivateSnapshot : KeyedOperation {
  using Result = absl::Status;

  explicit DeactivateSnapshot(std::string id) : KeyedOperation(std::move(id)) {}
  OperationInfo info() const { return {"DeactivateSnapshot", ObjectKind::kSnapshot, OperationRole::kMutate, key}; }
};

struct DeleteSnapshot : KeyedOperation {
  using Result = absl::Status;

  explicit DeleteSnapshot(std::string id) : KeyedOperation(std::move(id)) {}
  OperationInfo info() const { return {"DeleteSnapshot", ObjectKind::kSnapshot, OperationRole::kDelete, key}; }
};

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_API_SNAPSHOTS_H_
