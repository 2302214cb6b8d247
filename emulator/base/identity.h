#ifndef DAYTONAD_EMULATOR_BASE_IDENTITY_H_
#define DAYTONAD_EMULATOR_BASE_IDENTITY_H_

#include <string>
#include <string_view>

// The identity of the emulated installation.
namespace daytonad::emulator {

inline constexpr std::string_view kOrganizationId = "9b86d47c-b189-42da-a03c-a6de832ae9a3";
inline constexpr std::string_view kRunnerId = "8bcd602f-896a-42ee-9af9-bf4c6b93b0df";
inline constexpr std::string_view kDaemonVersion = "v0.190.0";
inline constexpr std::string_view kDefaultSnapshot = "daytonaio/sandbox:0.5.0-slim";
inline constexpr std::string_view kDefaultRegion = "us";
inline constexpr std::string_view kRegistry = "127.0.0.1:15000/daytona/";

// "us" or "eu".
bool IsRegion(std::string_view region);

// A random UUID.
std::string NewUuid();
// Random lower-case letters and digits.
std::string NewToken(int length);

}  // namespace daytonad::emulator

#endif  // DAYTONAD_EMULATOR_BASE_IDENTITY_H_
