#ifndef DAYTONAD_DAEMON_OPERATIONS_BUILD_CONTEXT_TESTING_ENTRIES_H_
#define DAYTONAD_DAEMON_OPERATIONS_BUILD_CONTEXT_TESTING_ENTRIES_H_

#include <string>
#include <string_view>
#include <vector>

#include "absl/strings/str_cat.h"
#include "daemon/base/absl_view.h"
#include "daemon/operations/build_context/context_sink.h"

namespace daytonad {

// Writes down what a sink is given, a line for each entry: "file proj/a.txt: A", "directory proj", "link x -> y".
class Entries final : public ContextSink {
 public:
  absl::Status OnEntry(const ContextEntry& entry) override {
    switch (entry.type) {
      case ContextEntry::Type::kFile:
        lines.push_back(absl::StrCat("file ", entry.path, ": "));
        break;
      case ContextEntry::Type::kDirectory:
        lines.push_back(absl::StrCat(entry.empty ? "empty directory " : "directory ", entry.path));
        break;
      case ContextEntry::Type::kSymlink:
        lines.push_back(absl::StrCat("link ", entry.path, " -> ", entry.link_target));
        break;
    }
    paths.push_back(entry.path);
    last = entry;
    return absl::OkStatus();
  }
  absl::Status OnData(std::string_view bytes) override {
    absl::StrAppend(&lines.back(), AbslView(bytes));
    return absl::OkStatus();
  }

  std::vector<std::string> lines;
  std::vector<std::string> paths;
  ContextEntry last;
};

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_OPERATIONS_BUILD_CONTEXT_TESTING_ENTRIES_H_
