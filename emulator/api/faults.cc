#include "emulator/api/faults.h"

#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "daemon/base/absl_view.h"
#include "emulator/world/validation.h"

namespace daytonad::emulator {
namespace {

// Half of a JSON text, then bytes that are not valid JSON.
std::string Malformed(std::string_view body) {
  return absl::StrCat(AbslView(body.substr(0, body.size() / 2)), "\x01}{");
}

void AddExtraFields(Json& json) {
  if (json.is_array()) {
    for (Json& item : json) AddExtraFields(item);
  } else if (json.is_object()) {
    if (json.contains("items")) AddExtraFields(json["items"]);
    json["emulatorExtraText"] = "not in any specification";
    json["emulatorExtraObject"] = {{"nested", {1, nullptr, "x"}}};
  }
}

void CountStrike(Fault& fault) {
  if (fault.times_left > 0) --fault.times_left;
  ++fault.matched;
}

Response ResponseOf(const Json& fault) {
  Response response;
  response.status = static_cast<int>(IntegerOr(fault, "status", 500));
  const Json body = MemberOr(fault, "body", Json());
  if (body.is_string()) {
    response.content_type = "text/plain; charset=utf-8";
    response.body = std::make_shared<const std::string>(body.get<std::string>());
  } else if (!body.is_null()) {
    response.content_type = "application/json; charset=utf-8";
    response.body = std::make_shared<const std::string>(ToText(body));
  }
  const Json headers = MemberOr(fault, "headers", Json::object());
  for (const auto& [name, value] : headers.items()) {
    const std::string text = value.is_string() ? value.get<std::string>() : ToText(value);
    if (absl::EqualsIgnoreCase(name, "content-type")) {
      response.content_type = text;
    } else {
      response.headers.push_back({name, text});
    }
  }
  return response;
}

}  // namespace

Response TooManyRequests(std::string_view throttler, std::int64_t retry_after_s, std::string_view target,
                         WallTime now) {
  Response response = ErrorResponse({429, "ThrottlerException: Too Many Requests"}, target, now);
  // Only the throttler for failed log-ins uses the standard header.
  const std::string name =
      throttler == "failed-auth" ? "Retry-After" : absl::StrCat("Retry-After-", AbslView(throttler));
  response.headers.push_back({name, absl::StrCat(retry_after_s)});
  return response;
}

Outcome<std::uint64_t> Faults::Add(const Json& definition) {
  const Json match = MemberOr(definition, "match", Json::object());
  const Json fault = MemberOr(definition, "fault", Json());
  if (!fault.is_object() || fault.empty()) {
    return BadRequest(R"("fault" must be an object that says what to do, such as {"status": 500})");
  }
  auto made = std::make_shared<Fault>();
  made->definition = definition;
  made->method = StringOr(match, "method");
  made->times_left = IntegerOr(match, "times", -1);
  if (const auto pattern = OptionalString(match, "path_regex")) {
    try {
      made->path.emplace(*pattern, std::regex::ECMAScript | std::regex::optimize);
    } catch (const std::regex_error& error) {
      return BadRequest(absl::StrCat("\"path_regex\" is not a regular expression: ", error.what()));
    }
  }
  const std::string when = StringOr(fault, "when", "before");
  if (when != "before" && when != "after") return BadRequest(R"("when" must be "before" or "after")");
  made->after = when == "after";
  made->delay = milliseconds(IntegerOr(fault, "delay_ms", 0));
  made->hold = BooleanOr(fault, "hold", false);
  made->drop = BooleanOr(fault, "drop", false);
  made->malformed_body = BooleanOr(fault, "malformed_body", false);
  made->extra_fields = BooleanOr(fault, "extra_fields", false);
  if (fault.contains("status")) made->response = ResponseOf(fault);
  if (fault.contains("cut_after_bytes")) {
    made->cut_after_bytes = static_cast<std::size_t>(IntegerOr(fault, "cut_after_bytes", 0));
  }
  if (fault.contains("cut_request_after_bytes")) {
    made->cut_request_after_bytes = static_cast<std::uint64_t>(IntegerOr(fault, "cut_request_after_bytes", 0));
  }
  if (const Json limit = MemberOr(fault, "rate_limit", Json()); limit.is_object()) {
    made->throttler = StringOr(limit, "throttler", "authenticated");
    made->retry_after_s = IntegerOr(limit, "retry_after_s", 1);
  }
  made->id = next_id_++;
  faults_.push_back(made);
  return made->id;
}

void Faults::Clear() {
  faults_.clear();
  for (auto& step : std::exchange(held_, {})) scheduler_.After(milliseconds::zero(), std::move(step));
}

Json Faults::List() const {
  Json list = Json::array();
  for (const auto& fault : faults_) {
    Json entry = fault->definition;
    entry["id"] = fault->id;
    entry["matched"] = fault->matched;
    entry["timesLeft"] = fault->times_left < 0 ? Json() : Json(fault->times_left);
    list.push_back(std::move(entry));
  }
  return list;
}

std::shared_ptr<Fault> Faults::Find(std::string_view method, std::string_view path) const {
  for (const auto& fault : faults_) {
    if (fault->times_left == 0) continue;
    if (!fault->method.empty() && fault->method != method) continue;
    if (fault->path.has_value() && !std::regex_search(path.begin(), path.end(), *fault->path)) continue;
    return fault;
  }
  return nullptr;
}

std::function<bool(std::uint64_t)> Faults::WatchBody(std::string_view method, std::string_view path) {
  const std::shared_ptr<Fault> fault = faults_.empty() ? nullptr : Find(method, path);
  if (fault == nullptr || !fault->cut_request_after_bytes.has_value()) return nullptr;
  return [fault](std::uint64_t received) {
    // Another request may have used up the fault.
    if (received < *fault->cut_request_after_bytes || fault->times_left == 0) return true;
    CountStrike(*fault);
    return false;
  };
}

std::optional<Response> Faults::Substitute(const Fault& fault, const Exchange& exchange) const {
  if (fault.response.has_value()) return fault.response;
  if (fault.throttler.empty()) return std::nullopt;
  return TooManyRequests(fault.throttler, fault.retry_after_s, exchange.request().target, scheduler_.Now());
}

Response Faults::Altered(const Fault& fault, const Exchange& exchange, Response response) const {
  if (fault.after) {
    if (auto substitute = Substitute(fault, exchange)) response = std::move(*substitute);
  }
  if (response.body != nullptr && fault.extra_fields) {
    Json json = Json::parse(*response.body, nullptr, /*allow_exceptions=*/false);
    AddExtraFields(json);
    if (!json.is_discarded()) response.body = std::make_shared<const std::string>(ToText(json));
  }
  if (fault.malformed_body) {
    response.body = std::make_shared<const std::string>(
        Malformed(response.body == nullptr ? std::string_view() : std::string_view(*response.body)));
  }
  return response;
}

void Faults::AfterPause(const Fault& fault, std::function<void()> step) {
  if (fault.hold) {
    held_.push_back(std::move(step));
  } else if (fault.delay == milliseconds::zero()) {
    step();
  } else {
    scheduler_.After(fault.delay, std::move(step));
  }
}

void Faults::Apply(const std::shared_ptr<Exchange>& exchange, std::function<void()> process) {
  const Request& request = exchange->request();
  if (request.cut) return exchange->Drop();
  const std::shared_ptr<Fault> fault = faults_.empty() ? nullptr : Find(request.method, request.Path());
  // A fault that cuts bodies strikes while they arrive, or not at all.
  if (fault == nullptr || fault->cut_request_after_bytes.has_value()) return process();
  CountStrike(*fault);

  const auto answer = [this, fault](const std::shared_ptr<Exchange>& answered, Response response) {
    if (fault->after && fault->drop) return answered->Drop();
    answered->Reply(Altered(*fault, *answered, std::move(response)));
  };
  const auto begin = [this, fault, exchange, answer, process = std::move(process)] {
    if (!fault->after) {
      if (fault->drop) return exchange->Drop();
      if (auto substitute = Substitute(*fault, *exchange)) return exchange->Reply(std::move(*substitute));
    }
    if (fault->cut_after_bytes.has_value()) exchange->CutBodyAfter(*fault->cut_after_bytes);
    exchange->InterceptReply([this, fault, answer](std::shared_ptr<Exchange> answered, Response response) {
      if (!fault->after) return answer(answered, std::move(response));
      AfterPause(*fault, [answer, answered, response] { answer(answered, response); });
    });
    process();
  };
  if (fault->after) {
    begin();
  } else {
    AfterPause(*fault, begin);
  }
}

}  // namespace daytonad::emulator
