#include "emulator/base/identity.h"

#include <cstdint>
#include <random>

#include "absl/strings/str_format.h"

namespace daytonad::emulator {
namespace {

std::mt19937_64& Random() {
  thread_local std::mt19937_64 engine{std::random_device{}()};
  return engine;
}

}  // namespace

bool IsRegion(std::string_view region) { return region == kDefaultRegion || region == "eu"; }

std::string NewUuid() {
  const std::uint64_t a = Random()();
  const std::uint64_t b = Random()();
  return absl::StrFormat("%08x-%04x-4%03x-%04x-%012x", a >> 32U, (a >> 16U) & 0xFFFFU, a & 0xFFFU,
                         0x8000U | ((b >> 48U) & 0x3FFFU), b & 0xFFFFFFFFFFFFU);
}

std::string NewToken(int length) {
  static constexpr std::string_view kAlphabet = "abcdefghijklmnopqrstuvwxyz0123456789";
  std::uniform_int_distribution<std::size_t> pick(0, kAlphabet.size() - 1);
  std::string token;
  for (int i = 0; i < length; ++i) token.push_back(kAlphabet[pick(Random())]);
  return token;
}

}  // namespace daytonad::emulator
