#include "tests/integration/log_server.h"

#include <gtest/gtest.h>

#include <boost/asio/post.hpp>
#include <future>
#include <utility>
#include <vector>

namespace daytonad::testing {

template <typename Action>
auto LogServer::OnThread(Action action) {
  std::packaged_task<decltype(action())()> task(std::move(action));
  auto done = task.get_future();
  boost::asio::post(io_, std::move(task));
  return done.get();
}

LogServer::LogServer()
    : server_(io_, [this](const std::shared_ptr<emulator::Exchange>& exchange) { Serve(exchange); }) {
  const absl::Status listening = server_.Listen("127.0.0.1", 0);
  EXPECT_TRUE(listening.ok()) << listening;
  origin_ = "http://127.0.0.1:" + std::to_string(server_.port());
  // The listening socket keeps the loop running.
  thread_ = std::thread([this] { io_.run(); });
}

LogServer::~LogServer() {
  OnThread([this] {
    followers_.clear();
    server_.Close();
  });
  thread_.join();
}

void LogServer::Serve(const std::shared_ptr<emulator::Exchange>& exchange) {
  authorizations_.emplace_back(exchange->request().Find("authorization"));
  exchange->BeginStream({});
  if (!log_.empty()) exchange->Write(log_);
  if (exchange->request().Query() != "follow=true") return exchange->EndStream();
  followers_.push_back(exchange);
  exchange->OnClientGone([this, gone = exchange.get()] {
    std::erase_if(followers_, [gone](const auto& follower) { return follower.get() == gone; });
  });
}

void LogServer::Write(std::string_view bytes) {
  OnThread([this, bytes] {
    log_ += bytes;
    for (const auto& follower : followers_) follower->Write(bytes);
  });
}

void LogServer::DropFollowers() {
  OnThread([this] {
    const auto followers = std::exchange(followers_, {});
    for (const auto& follower : followers) follower->Drop();
  });
}

std::size_t LogServer::followers() {
  return OnThread([this] { return followers_.size(); });
}

std::vector<std::string> LogServer::authorizations() {
  return OnThread([this] { return authorizations_; });
}

}  // namespace daytonad::testing
