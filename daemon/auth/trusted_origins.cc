#include "daemon/auth/trusted_origins.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "daemon/base/error.h"

namespace daytonad {

absl::StatusOr<TrustedOrigins> TrustedOrigins::Make(const BaseUrl& api, const std::vector<std::string>& extra) {
  const Origin cloud{"https", "app.daytona.io", 443};
  const Origin cloud_proxy{"https", "proxy.app.daytona.io", 443};

  std::vector<Origin> origins{api.origin()};
  if (api.origin() == cloud) origins.push_back(cloud_proxy);
  for (const std::string& text : extra) {
    const absl::StatusOr<BaseUrl> url = BaseUrl::Parse(text);
    // Not repeated in the message: it might contain a password.
    if (!url.ok()) {
      return WithErrorMessage(url.status(), absl::StrCat("A trusted origin is wrong: ", url.status().message()));
    }
    const size_t host = url->text().find("://") + 3;
    if (url->text().find('/', host) != std::string::npos) {
      return MakeError(absl::StatusCode::kInvalidArgument, "INVALID_URL",
                       absl::StrCat("A trusted origin is scheme, host and port without a path: give ",
                                    url->origin().ToString(), "."));
    }
    origins.push_back(url->origin());
  }
  return TrustedOrigins(std::move(origins));
}

bool TrustedOrigins::Contains(std::string_view url) const {
  const absl::StatusOr<Origin> origin = Origin::Of(url);
  return origin.ok() && std::find(origins_.begin(), origins_.end(), *origin) != origins_.end();
}

}  // namespace daytonad
