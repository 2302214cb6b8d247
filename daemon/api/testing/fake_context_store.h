#ifndef DAYTONAD_DAEMON_API_TESTING_FAKE_CONTEXT_STORE_H_
#define DAYTONAD_DAEMON_API_TESTING_FAKE_CONTEXT_STORE_H_

#include <algorithm>
#include <cstddef>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "daemon/api/api.h"

namespace daytonad {

// The content that the context stores of a test share. It outlives them:
//
//   FakeContexts contexts;
//   contexts.write_results = {absl::OkStatus(), absl::UnavailableError("cut")};   // the second Write fails
//   api.context_store = [&contexts] { return std::make_unique<FakeContextStore>(contexts); };
struct FakeContexts {
  // Finished uploads, by hash.
  std::map<std::string, std::string> contents;
  // The calls except writes: "Contains 0a1b", "Upload 0a1b", "Finish 0a1b", "Abort 0a1b".
  std::vector<std::string> calls;
  // The results of the next calls, in order; then OK. A Finish that fails stores nothing.
  std::deque<absl::Status> contains_results, write_results, finish_results;
  // Uploads that were neither finished nor aborted, including destroyed ones.
  int unfinished = 0;
  size_t largest_write = 0;
};

// A ContextStore in memory.
class FakeContextStore final : public ContextStore {
 public:
  explicit FakeContextStore(FakeContexts& contexts) : contexts_(contexts) {}

  Task<absl::StatusOr<std::optional<int64_t>>> Contains(CallContext, std::string hash) override {
    contexts_.calls.push_back("Contains " + hash);
    if (absl::Status result = Next(contexts_.contains_results); !result.ok()) co_return result;
    const auto found = contexts_.contents.find(hash);
    if (found == contexts_.contents.end()) co_return std::nullopt;
    co_return static_cast<int64_t>(found->second.size());
  }

  std::unique_ptr<ContextUpload> Upload(std::string hash) override {
    contexts_.calls.push_back("Upload " + hash);
    ++contexts_.unfinished;
    return std::make_unique<FakeUpload>(contexts_, std::move(hash));
  }

 private:
  static absl::Status Next(std::deque<absl::Status>& results) {
    if (results.empty()) return absl::OkStatus();
    absl::Status result = std::move(results.front());
    results.pop_front();
    return result;
  }

  class FakeUpload final : public ContextUpload {
   public:
    FakeUpload(FakeContexts& contexts, std::string hash) : contexts_(contexts), hash_(std::move(hash)) {}

    Task<absl::Status> Write(CallContext, std::string bytes) override {
      contexts_.largest_write = std::max(contexts_.largest_write, bytes.size());
      if (absl::Status result = Next(contexts_.write_results); !result.ok()) co_return result;
      bytes_ += bytes;
      co_return absl::OkStatus();
    }

    Task<absl::Status> Finish(CallContext) override {
      contexts_.calls.push_back("Finish " + hash_);
      if (absl::Status result = Next(contexts_.finish_results); !result.ok()) co_return result;
      contexts_.contents[hash_] = std::move(bytes_);
      --contexts_.unfinished;
      co_return absl::OkStatus();
    }

    Task<void> Abort(CallContext) override {
      contexts_.calls.push_back("Abort " + hash_);
      --contexts_.unfinished;
      co_return;
    }

   private:
    FakeContexts& contexts_;
    const std::string hash_;
    std::string bytes_;
  };

  FakeContexts& contexts_;
};

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_API_TESTING_FAKE_CONTEXT_STORE_H_
