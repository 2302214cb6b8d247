#ifndef DAYTONAD_TESTS_BENCH_UPSTREAM_H_
#define DAYTONAD_TESTS_BENCH_UPSTREAM_H_

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace daytonad::bench {

// The emulator, asked without the daemon: a single connection that is kept open.
class Upstream {
 public:
  // `api_url` as the emulator prints it, http://127.0.0.1:PORT/api.
  Upstream(std::string api_url, std::string api_key);
  ~Upstream();
  Upstream(const Upstream&) = delete;
  Upstream& operator=(const Upstream&) = delete;

  // How many requests it has been sent so far.
  absl::StatusOr<std::uint64_t> RequestCount();

  // The median duration of a bare GET of that sandbox, in microseconds: one after the other, for that long.
  absl::StatusOr<double> MeasureGetSandbox(const std::string& id, std::chrono::nanoseconds measured);

 private:
  absl::StatusOr<std::string> Get(const std::string& url);

  const std::string api_url_;
  struct Curl;
  const std::unique_ptr<Curl> curl_;
};

}  // namespace daytonad::bench

#endif  // DAYTONAD_TESTS_BENCH_UPSTREAM_H_
