#include "daemon/base/absent.h"

#include <string>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "daemon/base/absl_view.h"

namespace daytonad {

absl::Status AbsentError(std::string_view kind, std::string_view id_or_name, ErrorMetadata metadata) {
  std::string name(kind);
  name[0] = absl::ascii_toupper(static_cast<unsigned char>(name[0]));
  metadata["absent"] = kind;
  return MakeError(absl::StatusCode::kNotFound, absl::StrCat(absl::AsciiStrToUpper(AbslView(kind)), "_NOT_FOUND"),
                   absl::StrCat(name, " `", AbslView(id_or_name), "` does not exist or was deleted."), metadata);
}

bool IsAbsent(const absl::Status& status) {
  return absl::IsNotFound(status) && ErrorMetadataValue(status, "absent").has_value();
}

}  // namespace daytonad
