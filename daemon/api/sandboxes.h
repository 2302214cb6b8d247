#ifndef DAYTONAD_DAEMON_API_SANDBOXES_H_
#define DAYTONAD_DAEMON_API_SANDBOXES_H_

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "daemon/api/deterministic_bytes.h"
#include "daemon/api/image_build.h"
#include "daemon/api/operation.h"
#include "daemon/api/page_totals.h"
#include "daytonad/v1/sandbox.pb.h"

// The operations on sandboxes.
namespace daytonad {

struct CreateSandbox {
  using Result = absl::StatusOr<v1::Sandbox>;

  CreateSandbox() = default;
  CreateSandbox(v1::SandboxSpec spec, std::optional<ImageBuild> build)
      : spec(std::move(spec)), build(std::move(build)) {}
  OperationInfo info() const { return {"CreateSandbox", ObjectKind::kSandbox, OperationRole::kCreate, spec.name()}; }

  // Its `source` is used only if it is a snapshot; an image to build is in `build`.
  v1::SandboxSpec spec;
  std::optional<ImageBuild> build;
};

struct GetSandbox : KeyedOperation {
  using Result = absl::StatusOr<v1::Sandbox>;

  explicit GetSandbox(std::string id_or_name) : KeyedOperation(std::move(id_or_name)) {}
  OperationInfo info() const {
    return {"GetSandbox", ObjectKind::kSandbox, OperationRole::kGet, key, KeyForm::kIdOrName, Caching::kWhileFresh};
  }
  std::string share_key() const { return ""; }
};

struct SandboxListQuery {
  v1::SandboxFilter filter;
  v1::SandboxSortField sort = v1::SANDBOX_SORT_FIELD_UNSPECIFIED;
  v1::SortOrder order = v1::SORT_ORDER_UNSPECIFIED;
  // 0: upstream's default (100).
  int page_size = 0;
};

// All of the query, without the position in the list.
inline std::string EncodeForSharing(const SandboxListQuery& query) {
  return absl::StrCat(static_cast<int>(query.sort), ",", static_cast<int>(query.order), ",", query.page_size, "/",
                      DeterministicBytes(query.filter));
}

// Whether the item matches the filter's states. (It may have changed its state since upstream listed it.)
inline bool MatchesStates(const v1::Sandbox& item, const v1::SandboxFilter& filter) {
  if (filter.states().empty() && filter.state_texts().empty()) return true;
  return std::ranges::find(filter.states(), item.state()) != filter.states().end() ||
         std::ranges::find(filter.state_texts(), item.state_text()) != filter.state_texts().end();
}

struct SandboxPage {
  // Items of a cursor list have VIEW_BASIC, those of a numbered page VIEW_FULL.
  std::vector<v1::Sandbox> items;
  // Empty on the last page.
  std::string next_cursor;
};

struct ListSandboxes {
  using Result = absl::StatusOr<SandboxPage>;

  // An empty cursor begins the list.
  ListSandboxes(SandboxListQuery query, std::string cursor) : query(std::move(query)), cursor(std::move(cursor)) {}
  OperationInfo info() const { return {"ListSandboxes", ObjectKind::kSandbox, OperationRole::kList}; }
  std::string share_key() const { return absl::StrCat(cursor.size(), "/", cursor, "/", EncodeForSharing(query)); }
  bool Shows(const v1::Sandbox& item, bool exists) const { return exists && MatchesStates(item, query.filter); }

  SandboxListQuery query;
  std::string cursor;
};

struct NumberedSandboxPage {
  std::vector<v1::Sandbox> items;
  std::optional<PageTotals> totals;  // absent if unknown
};

struct ListSandboxesByPage {
  using Result = absl::StatusOr<NumberedSandboxPage>;

  // `page` counts from 1.
  ListSandboxesByPage(SandboxListQuery query, int page) : query(std::move(query)), page(page) {}
  OperationInfo info() const { return {"ListSandboxesByPage", ObjectKind::kSandbox, OperationRole::kList}; }
  std::string share_key() const { return absl::StrCat(page, "/", EncodeForSharing(query)); }
  bool Shows(const v1::Sandbox& item, bool exists) const { return exists && MatchesStates(item, query.filter); }

  SandboxListQuery query;
  int page;
};

struct StartSandbox : KeyedOperation {
  using Result = absl::StatusOr<v1::Sandbox>;

  explicit StartSandbox(std::string id_or_name) : KeyedOperation(std::move(id_or_name)) {}
  OperationInfo info() const {
    return {"StartSandbox", ObjectKind::kSandbox, OperationRole::kMutate, key, KeyForm::kIdOrName};
  }
};

struct StopSandbox : KeyedOperation {
  using Result = absl::StatusOr<v1::Sandbox>;

  StopSandbox(std::string id_or_name, bool force) : KeyedOperation(std::move(id_or_name)), force(force) {}
  OperationInfo info() const {
    return {"StopSandbox", ObjectKind::kSandbox, OperationRole::kMutate, key, KeyForm::kIdOrName};
  }

  bool force;
};

struct DeleteSandbox : KeyedOperation {
  using Result = absl::StatusOr<v1::Sandbox>;

  explicit DeleteSandbox(std::string id_or_name) : KeyedOperation(std::move(id_or_name)) {}
  OperationInfo info() const {
    return {"DeleteSandbox", ObjectKind::kSandbox, OperationRole::kDelete, key, KeyForm::kIdOrName};
  }
};

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_API_SANDBOXES_H_
