#ifndef DAYTONAD_EMULATOR_WORLD_CREDENTIALS_H_
#define DAYTONAD_EMULATOR_WORLD_CREDENTIALS_H_

#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace daytonad::emulator {

// The accepted keys and tokens. Keys may change while the emulator runs.
class Credentials {
 public:
  Credentials(const std::vector<std::string>& api_keys, bool accept_jwt)
      : api_keys_(api_keys.begin(), api_keys.end()), accept_jwt_(accept_jwt) {}

  void Accept(std::string key) { api_keys_.insert(std::move(key)); }
  void Revoke(const std::string& key) { api_keys_.erase(key); }

  bool IsApiKey(std::string_view token) const { return api_keys_.contains(token); }
  // A JWT does not name the organization, so requests must.
  bool IsJwt(std::string_view token) const;

 private:
  std::set<std::string, std::less<>> api_keys_;
  bool accept_jwt_;
};

}  // namespace daytonad::emulator

#endif  // DAYTONAD_EMULATOR_WORLD_CREDENTIALS_H_
