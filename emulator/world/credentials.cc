#include "emulator/world/credentials.h"

#include <algorithm>

namespace daytonad::emulator {

bool Credentials::IsJwt(std::string_view token) const {
  return accept_jwt_ && std::count(token.begin(), token.end(), '.') == 2;
}

}  // namespace daytonad::emulator
