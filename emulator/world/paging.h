#ifndef DAYTONAD_EMULATOR_WORLD_PAGING_H_
#define DAYTONAD_EMULATOR_WORLD_PAGING_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "emulator/base/json.h"
#include "emulator/http/api_error.h"
#include "emulator/http/url.h"

namespace daytonad::emulator {

struct PageRequest {
  std::size_t page = 1;
  std::size_t limit = 100;
};

// `page` and `limit` of a numbered list; limit is 1 to 200.
Outcome<PageRequest> ReadPage(const QueryParams& query);

// An optional integer parameter of at least `minimum`. Adds what is wrong to `complaints`.
std::optional<std::int64_t> ReadInteger(const QueryParams& query, std::string_view name, std::int64_t minimum,
                                        std::optional<std::int64_t> maximum, std::vector<std::string>& complaints);

std::optional<ApiError> CheckOneOf(std::string_view name, const std::string& value,
                                   const std::vector<std::string>& allowed);

// {items, total, page, totalPages}
template <typename T, typename Render>
Json ToPage(const std::vector<T>& matches, const PageRequest& request, Render render) {
  Json items = Json::array();
  const std::size_t begin = std::min(request.page - 1, matches.size()) * request.limit;
  for (std::size_t i = begin; i < matches.size() && i < begin + request.limit; ++i) items.push_back(render(matches[i]));
  return {{"items", std::move(items)},
          {"total", matches.size()},
          {"page", request.page},
          {"totalPages", (matches.size() + request.limit - 1) / request.limit}};
}

}  // namespace daytonad::emulator

#endif  // DAYTONAD_EMULATOR_WORLD_PAGING_H_
