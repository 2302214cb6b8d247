#ifndef DAYTONAD_EMULATOR_HTTP_CALL_H_
#define DAYTONAD_EMULATOR_HTTP_CALL_H_

#include <memory>
#include <string>
#include <vector>

#include "emulator/base/json.h"
#include "emulator/base/scheduler.h"
#include "emulator/http/api_error.h"
#include "emulator/http/http.h"
#include "emulator/http/url.h"

namespace daytonad::emulator {

// A request that a route matched.
struct Call {
  std::shared_ptr<Exchange> exchange;
  const Scheduler* scheduler = nullptr;
  std::vector<std::string> params;  // the values of the route's {}, decoded
  Json body;                        // null if there was none
  QueryParams query;

  void Reply(int status, const Json& json) const;
  // Replies with JSON text.
  void ReplyText(int status, std::shared_ptr<const std::string> json) const;
  void ReplyEmpty(int status) const;
  void ReplyError(const ApiError& error) const;
};

}  // namespace daytonad::emulator

#endif  // DAYTONAD_EMULATOR_HTTP_CALL_H_
