#ifndef DAYTONAD_DAEMON_BASE_ABSL_VIEW_H_
#define DAYTONAD_DAEMON_BASE_ABSL_VIEW_H_

#include <string_view>

#include "absl/strings/string_view.h"

// Debian builds Abseil with its own string_view. Our interfaces use std::string_view; these functions convert it for
// Abseil (StrCat, StrAppend, StrSplit, Status). StrFormat and std::string need no conversion.
namespace daytonad {

inline absl::string_view AbslView(std::string_view text) { return {text.data(), text.size()}; }
inline std::string_view StdView(absl::string_view text) { return {text.data(), text.size()}; }

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_BASE_ABSL_VIEW_H_
