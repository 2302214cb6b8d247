#ifndef DAYTONAD_DAEMON_API_PAGE_TOTALS_H_
#define DAYTONAD_DAEMON_API_PAGE_TOTALS_H_

#include <cstdint>

namespace daytonad {

// Older lists have numbered pages.
struct PageTotals {
  int64_t total_size = 0;
  int page = 0;
  int total_pages = 0;
};

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_API_PAGE_TOTALS_H_
