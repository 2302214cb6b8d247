#ifndef DAYTONAD_EMULATOR_HTTP_API_ERROR_H_
#define DAYTONAD_EMULATOR_HTTP_API_ERROR_H_

#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include "emulator/base/scheduler.h"
#include "emulator/http/http.h"

namespace daytonad::emulator {

// An error with the server's own message.
struct ApiError {
  int status;
  std::string message;
};

inline ApiError BadRequest(std::string message) { return {400, std::move(message)}; }
inline ApiError NotFound(std::string message) { return {404, std::move(message)}; }
inline ApiError Conflict(std::string message) { return {409, std::move(message)}; }
inline ApiError StateChangeInProgress() { return Conflict("Sandbox state change in progress"); }

// A value or an error.
template <typename T>
class [[nodiscard]] Outcome {
 public:
  Outcome(T value) : held_(std::move(value)) {}         // NOLINT(google-explicit-constructor)
  Outcome(ApiError error) : held_(std::move(error)) {}  // NOLINT(google-explicit-constructor)

  bool ok() const { return std::holds_alternative<T>(held_); }
  T& operator*() { return std::get<T>(held_); }
  const T& operator*() const { return std::get<T>(held_); }
  T* operator->() { return &std::get<T>(held_); }
  const ApiError& error() const { return std::get<ApiError>(held_); }

 private:
  std::variant<T, ApiError> held_;
};

// Success without a value.
struct Done {};

// "Not Found" for 404, and so on.
std::string_view ReasonPhrase(int status);

// {path, timestamp, statusCode, error, message}
Response ErrorResponse(const ApiError& error, std::string_view target, WallTime now);

}  // namespace daytonad::emulator

#endif  // DAYTONAD_EMULATOR_HTTP_API_ERROR_H_
