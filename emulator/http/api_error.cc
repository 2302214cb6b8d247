#include "emulator/http/api_error.h"

#include <boost/beast/http/status.hpp>
#include <memory>

#include "emulator/base/json.h"
#include "emulator/base/wire_time.h"

namespace daytonad::emulator {

std::string_view ReasonPhrase(int status) {
  const auto text =
      boost::beast::http::obsolete_reason(boost::beast::http::int_to_status(static_cast<unsigned>(status)));
  return {text.data(), text.size()};
}

Response ErrorResponse(const ApiError& error, std::string_view target, WallTime now) {
  const Json body = {{"path", target},
                     {"timestamp", FormatTime(now)},
                     {"statusCode", error.status},
                     {"error", ReasonPhrase(error.status)},
                     {"message", error.message}};
  Response response;
  response.status = error.status;
  response.content_type = "application/json; charset=utf-8";
  response.body = std::make_shared<const std::string>(ToText(body));
  return response;
}

}  // namespace daytonad::emulator
