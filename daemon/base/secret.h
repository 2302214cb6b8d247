#ifndef DAYTONAD_DAEMON_BASE_SECRET_H_
#define DAYTONAD_DAEMON_BASE_SECRET_H_

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

namespace daytonad {

// A credential. It has no operator<<, no conversion and no serialisation, so that it cannot reach a log, an error or a
// metric by accident. Its bytes are wiped with the last copy, and excluded from core dumps.
//
// Only four places read the bytes with `Reveal`: the Authorization header (net/curl_transfer.cc), the storage
// signature, the first frame of the event connection (upstream/v0/event_stream.cc), and the fingerprint that identifies
// a credential on disk (auth/credential.cc).
class Secret {
 public:
  Secret() = default;

  // Copies the bytes and wipes the given string.
  explicit Secret(std::string&& bytes);

  bool empty() const { return buffer_ == nullptr; }

  // Whether one is a copy of the other. Does not compare bytes.
  bool IsCopyOf(const Secret& other) const { return buffer_ == other.buffer_; }
  // A number that identifies the secret in memory. Never show or store it: it could confirm a guess.
  size_t Fingerprint() const;

  // The bytes, for the four places named above. Do not copy them into anything that outlives the call.
  std::string_view Reveal() const;

 private:
  class Buffer;
  std::shared_ptr<const Buffer> buffer_;
};

// Overwrites the string's bytes in a way that the compiler keeps, and empties it.
void WipeString(std::string& text);

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_BASE_SECRET_H_
