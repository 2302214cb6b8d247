#ifndef DAYTONAD_EMULATOR_TESTING_API_FIXTURE_H_
#define DAYTONAD_EMULATOR_TESTING_API_FIXTURE_H_

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "daemon/base/absl_view.h"
#include "emulator/api/api.h"
#include "emulator/base/json.h"
#include "emulator/base/options.h"
#include "emulator/testing/manual_scheduler.h"
#include "emulator/world/world.h"

namespace daytonad::emulator {

// Collects the bytes of an answer.
class AnswerBytes : public Transport {
 public:
  void Write(std::string head, std::shared_ptr<const std::string> body) override {
    text += head;
    if (body != nullptr) text += *body;
  }
  void Finish(bool keep_connection) override {
    finished = true;
    kept = keep_connection;
    receiver = nullptr;
  }
  void Receive(std::function<void(std::string_view)> given) override { receiver = std::move(given); }
  std::size_t unsent() const override { return backlog; }
  void Abort() override {
    aborted = true;
    Finish(/*keep_connection=*/false);
  }

  // The bytes after the header.
  std::string Body() const {
    const auto end = text.find("\r\n\r\n");
    return end == std::string::npos ? "" : text.substr(end + 4);
  }
  int Status() const {
    int status = 0;
    return text.size() >= 12 && absl::SimpleAtoi(text.substr(9, 3), &status) ? status : 0;
  }
  Json Parsed() const { return Json::parse(Body(), nullptr, /*allow_exceptions=*/false); }
  std::string Message() const { return Parsed().value("message", ""); }
  bool HasHeader(std::string_view line) const {
    return absl::StrContains(text, absl::StrCat("\r\n", AbslView(line), "\r\n"));
  }

  std::string text;
  bool finished = false;
  bool kept = false;
  bool aborted = false;
  std::function<void(std::string_view)> receiver;  // gets what the client sends after the upgrade
  std::size_t backlog = 0;                         // what unsent() reports
};

// The whole API without a socket. Time passes only when a test advances it.
class ApiFixture : public testing::Test {
 protected:
  explicit ApiFixture(EmulatorOptions given = Accepting(milliseconds::zero()))
      : options_(std::move(given)), world_(options_, time_), api_(world_) {
    world_.origin = "http://127.0.0.1:3986";
    world_.sandboxes.set_toolbox_proxy_url("http://127.0.0.1:3986/toolbox");
  }

  // Options that delay the answer to a create from a Dockerfile.
  static EmulatorOptions Accepting(milliseconds delay) {
    EmulatorOptions options;
    options.delays.accept = delay;
    return options;
  }

  // Starts a request; its answer may come later.
  std::shared_ptr<AnswerBytes> Begin(std::string method, std::string target, std::string body = {},
                                     std::string key = "emulator-key") {
    Request request;
    request.method = std::move(method);
    request.target = std::move(target);
    request.headers.push_back({"Authorization", absl::StrCat("Bearer ", key)});
    if (!body.empty()) request.headers.push_back({"Content-Type", "application/json"});
    request.body = std::move(body);
    auto answer = std::make_shared<AnswerBytes>();
    exchange_ = std::make_shared<Exchange>(std::move(request), answer);
    api_.Handle(exchange_);
    return answer;
  }

  // A request and its answer. Time does not advance, but due actions run.
  AnswerBytes Send(std::string method, std::string target, std::string body = {}) {
    const auto answer = Begin(std::move(method), std::move(target), std::move(body));
    time_.Advance(milliseconds::zero());
    return *answer;
  }

  AnswerBytes Get(std::string target) { return Send("GET", std::move(target)); }
  AnswerBytes Post(std::string target, std::string body = {}) {
    return Send("POST", std::move(target), std::move(body));
  }

  // Creates a started sandbox and returns its id.
  std::string StartedSandbox(const std::string& request = "{}") {
    const auto answer = Begin("POST", "/api/sandbox", request);
    time_.Advance(options_.delays.create);
    EXPECT_EQ(answer->Status(), 200) << answer->text;
    return answer->Parsed()["id"];
  }

  std::string StateOf(const std::string& sandbox) {
    const AnswerBytes answer = Get("/api/sandbox/" + sandbox);
    return answer.Status() == 200 ? answer.Parsed()["state"].get<std::string>() : answer.Message();
  }

  ManualScheduler time_;
  const EmulatorOptions options_;
  World world_;
  Api api_;
  std::shared_ptr<Exchange> exchange_;  // the newest request's
};

}  // namespace daytonad::emulator

#endif  // DAYTONAD_EMULATOR_TESTING_API_FIXTURE_H_
