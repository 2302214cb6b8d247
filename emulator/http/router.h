#ifndef DAYTONAD_EMULATOR_HTTP_ROUTER_H_
#define DAYTONAD_EMULATOR_HTTP_ROUTER_H_

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "emulator/http/call.h"

namespace daytonad::emulator {

// What a route requires before its handler runs.
struct Access {
  bool key = true;             // an API key
  std::string_view throttler;  // whose budget a request uses; empty: none
};

inline constexpr Access kOpen{false, ""};
inline constexpr Access kAnonymous{false, "anonymous"};
inline constexpr Access kAuthenticated{true, "authenticated"};
inline constexpr Access kSandboxCreate{true, "sandbox-create"};
inline constexpr Access kSandboxLifecycle{true, "sandbox-lifecycle"};

struct Route {
  using Handler = std::function<void(Call)>;
  Access access;
  Handler handler;
  std::vector<std::string> segments;  // "{}" matches any
};

// Finds the handler of a method and a path. The first matching route wins.
class Router {
 public:
  // `pattern` is like "/sandbox/{}/autostop/{}".
  void Add(std::string_view method, std::string_view pattern, Access access, Route::Handler handler);

  // Null if no route matches. Fills `params` with the decoded segments that matched {}.
  const Route* Find(std::string_view method, std::string_view path, std::vector<std::string>& params) const;

 private:
  // By method, then by number of segments.
  std::map<std::string, std::map<std::size_t, std::vector<Route>>, std::less<>> routes_;
};

}  // namespace daytonad::emulator

#endif  // DAYTONAD_EMULATOR_HTTP_ROUTER_H_
