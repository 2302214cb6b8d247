#include "daemon/operations/image/host_text.h"

#include <cstddef>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "daemon/base/absl_view.h"
#include "daemon/base/utf8.h"

namespace daytonad {
namespace {

constexpr size_t kMaxBytes = 1 << 20;

// OK if all of it is UTF-8.
absl::Status CheckUtf8(std::string_view path, std::string_view text) {
  int line = 1;
  while (!text.empty()) {
    const size_t length = Utf8CharacterLength(text);
    if (length == 0) {
      return absl::InvalidArgumentError(absl::StrCat(AbslView(path), " is not UTF-8: line ", line, " has the byte 0x",
                                                     absl::Hex(static_cast<unsigned char>(text[0])),
                                                     ". Save it as UTF-8."));
    }
    if (text[0] == '\n') ++line;
    text.remove_prefix(length);
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::string> ReadHostText(const HostFiles& files, std::string_view path) {
  const absl::StatusOr<std::string> bytes = files.ReadFile(path, kMaxBytes);
  if (!bytes.ok()) return bytes.status();
  std::string text = absl::StrReplaceAll(*bytes, {{"\r\n", "\n"}, {"\r", "\n"}});
  absl::Status status = CheckUtf8(path, text);
  if (!status.ok()) return status;
  return text;
}

}  // namespace daytonad
