#ifndef DAYTONAD_DAEMON_API_CURSOR_WALK_H_
#define DAYTONAD_DAEMON_API_CURSOR_WALK_H_

#include <string>

#include "absl/container/flat_hash_set.h"
#include "absl/status/status.h"
#include "daemon/base/error.h"

namespace daytonad {

// Protects the walk over the pages of a list from an upstream whose cursors form a cycle, or lead to endless pages with
// nothing new.
//
//   CursorWalk walk;
//   do {
//     ... read the page at `cursor` ...
//     cursor = page.next_cursor;
//     if (absl::Status status = walk.Take(cursor, anything_new); !status.ok()) return status;
//   } while (!cursor.empty());
class CursorWalk {
 public:
  // Takes the cursor of the next page; empty after the last page. INTERNAL (UPSTREAM_MALFORMED_RESPONSE) if this cursor
  // came before, or if too many pages in a row had nothing new.
  absl::Status Take(const std::string& next, bool anything_new) {
    constexpr int kMaxFruitlessPages = 100;
    ++pages_;
    if (next.empty()) return absl::OkStatus();
    fruitless_ = anything_new ? 0 : fruitless_ + 1;
    if (seen_.insert(next).second && fruitless_ < kMaxFruitlessPages) return absl::OkStatus();
    return MakeError(absl::StatusCode::kInternal, "UPSTREAM_MALFORMED_RESPONSE",
                     "Daytona's list does not end: its cursors form a cycle, or lead to pages with nothing new.");
  }

  // The number of cursors taken.
  int pages() const { return pages_; }

 private:
  absl::flat_hash_set<std::string> seen_;
  int pages_ = 0;
  int fruitless_ = 0;
};

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_API_CURSOR_WALK_H_
