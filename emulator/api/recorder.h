#ifndef DAYTONAD_EMULATOR_API_RECORDER_H_
#define DAYTONAD_EMULATOR_API_RECORDER_H_

#include <cstdint>
#include <cstdio>
#include <deque>
#include <map>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "emulator/base/json.h"
#include "emulator/base/scheduler.h"
#include "emulator/http/http.h"

namespace daytonad::emulator {

// The verdict on a request's credential.
enum class Credential { kNone, kAccepted, kRefused };

// Keeps the newest requests for the control route, and writes each to a file as one JSON line once its status is known.
class Recorder {
 public:
  struct Entry {
    std::uint64_t seq = 0;
    WallTime time = 0;
    std::shared_ptr<const Request> request;
    Credential credential = Credential::kNone;
    int status = -1;  // -1: not answered yet; 0: never answered

    // Replaces credentials (the Authorization header's value, a session token) by "(correct)" or "(wrong)". A spooled
    // body is {size, sha256}.
    Json ToJson() const;
  };

  Recorder() = default;
  ~Recorder();
  Recorder(const Recorder&) = delete;
  Recorder& operator=(const Recorder&) = delete;

  // From now on also appends to that file.
  absl::Status OpenFile(const std::string& path);

  std::shared_ptr<Entry> Begin(std::shared_ptr<const Request> request, Credential credential, WallTime now);
  void End(Entry& entry, int status);

  // {requests, total, dropped, byMethod, byStatus}; only requests later than `since`.
  Json ToJson(std::uint64_t since) const;
  // Removes all requests and resets the counters. Sequence numbers continue.
  void Reset();

 private:
  std::FILE* file_ = nullptr;
  std::uint64_t next_seq_ = 1;
  std::uint64_t total_ = 0;
  std::size_t body_bytes_ = 0;
  std::deque<std::shared_ptr<Entry>> entries_;
  std::map<std::string, std::uint64_t> by_method_;
  std::map<int, std::uint64_t> by_status_;
};

}  // namespace daytonad::emulator

#endif  // DAYTONAD_EMULATOR_API_RECORDER_H_
