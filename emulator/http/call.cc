#include "emulator/http/call.h"

#include <utility>

namespace daytonad::emulator {

void Call::Reply(int status, const Json& json) const {
  ReplyText(status, std::make_shared<const std::string>(ToText(json)));
}

void Call::ReplyText(int status, std::shared_ptr<const std::string> json) const {
  Response response;
  response.status = status;
  response.content_type = "application/json; charset=utf-8";
  response.body = std::move(json);
  exchange->Reply(std::move(response));
}

void Call::ReplyEmpty(int status) const {
  Response response;
  response.status = status;
  exchange->Reply(std::move(response));
}

void Call::ReplyError(const ApiError& error) const {
  exchange->Reply(ErrorResponse(error, exchange->request().target, scheduler->Now()));
}

}  // namespace daytonad::emulator
