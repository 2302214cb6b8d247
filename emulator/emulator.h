#ifndef DAYTONAD_EMULATOR_EMULATOR_H_
#define DAYTONAD_EMULATOR_EMULATOR_H_

#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "emulator/base/options.h"

namespace daytonad::emulator {

// An offline, in-memory Daytona API. Runs on its own thread, so that a test can run it in-process:
//
//   EmulatorOptions options;
//   options.port = 0;
//   Emulator emulator(std::move(options));
//   ASSERT_TRUE(emulator.Start().ok());
//   UseApi(emulator.url(), "emulator-key");
//
// Its state ends with it.
class Emulator {
 public:
  explicit Emulator(EmulatorOptions options);
  ~Emulator();  // stops
  Emulator(const Emulator&) = delete;
  Emulator& operator=(const Emulator&) = delete;

  // Binds and serves. INVALID_ARGUMENT or UNAVAILABLE if that fails. Call once.
  absl::Status Start();
  // Closes all connections and ends the thread. May be called again.
  void Stop();

  // Once started:
  std::uint16_t port() const;
  // "http://127.0.0.1:3986"
  std::string origin() const;
  // The API's base URL, "http://127.0.0.1:3986/api".
  std::string url() const;

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace daytonad::emulator

#endif  // DAYTONAD_EMULATOR_EMULATOR_H_
