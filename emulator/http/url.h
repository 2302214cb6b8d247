#ifndef DAYTONAD_EMULATOR_HTTP_URL_H_
#define DAYTONAD_EMULATOR_HTTP_URL_H_

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace daytonad::emulator {

// Undo percent-encoding. In a query, '+' also means a space.
std::string DecodePath(std::string_view text);
std::string DecodeQuery(std::string_view text);

// The parameters of a query, in the order sent.
class QueryParams {
 public:
  QueryParams() = default;
  explicit QueryParams(std::string_view query);

  // The last value of that name, as in the server's framework.
  std::optional<std::string> Get(std::string_view name) const;
  std::vector<std::string> GetAll(std::string_view name) const;
  const std::vector<std::pair<std::string, std::string>>& pairs() const { return pairs_; }

 private:
  std::vector<std::pair<std::string, std::string>> pairs_;
};

}  // namespace daytonad::emulator

#endif  // DAYTONAD_EMULATOR_HTTP_URL_H_
