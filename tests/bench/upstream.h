#ifndef DAYTONAD_TESTS_BENCH_UPSTREAM_H_
#define DAYTONAD_TESTS_BENCH_UPSTREAM_H_

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace daytonad::bench {

// The requests to the emulator so far.
struct RequestCounts {
  std::uint64_t all = 0;
  std::uint64_t reads = 0;  // GET
};

// By the clock that all processes of the machine share.
struct TimeOfChange {
  std::chrono::steady_clock::time_point began;
  std::chrono::steady_clock::time_point ended;
};

// The emulator, accessed without the daemon, over a single connection that stays open.
class Upstream {
 public:
  // `api_url` as the emulator prints it, http://127.0.0.1:PORT/api.
  Upstream(std::string api_url, std::string api_key);
  ~Upstream();
  Upstream(const Upstream&) = delete;
  Upstream& operator=(const Upstream&) = delete;

  absl::StatusOr<RequestCounts> Requests();
  // How many event connections are open.
  absl::StatusOr<double> EventConnections();
  // Puts every sandbox, or the one with that id, into the state, by upstream's name: "stopped".
  absl::StatusOr<TimeOfChange> ForceAll(const std::string& state);
  absl::StatusOr<TimeOfChange> Force(const std::string& id, const std::string& state);
  // Delays the answer to each GET of a sandbox that long, until called with 0.
  absl::Status DelayReads(std::chrono::milliseconds delay);

  // When upstream last changed that sandbox; whole milliseconds.
  absl::StatusOr<std::chrono::system_clock::time_point> UpdatedAt(const std::string& id);

  // The median duration of a bare GET of that sandbox, in microseconds: repeated in sequence for that long.
  absl::StatusOr<double> MeasureGetSandbox(const std::string& id, std::chrono::nanoseconds measured);

 private:
  // An empty body is a GET.
  absl::StatusOr<std::string> Send(const std::string& url, const std::string& body = "", const char* method = nullptr);
  absl::StatusOr<TimeOfChange> PostChange(const std::string& body);

  const std::string api_url_;
  const std::string control_url_;
  struct Curl;
  const std::unique_ptr<Curl> curl_;
};

}  // namespace daytonad::bench

#endif  // DAYTONAD_TESTS_BENCH_UPSTREAM_H_
