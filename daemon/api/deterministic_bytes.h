#ifndef DAYTONAD_DAEMON_API_DETERMINISTIC_BYTES_H_
#define DAYTONAD_DAEMON_API_DETERMINISTIC_BYTES_H_

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>
#include <google/protobuf/message_lite.h>

#include <string>

namespace daytonad {

// The message's encoding, for comparison. Plain serialization puts map entries into a random order.
inline std::string DeterministicBytes(const google::protobuf::MessageLite& message) {
  std::string bytes;
  {
    google::protobuf::io::StringOutputStream stream(&bytes);
    google::protobuf::io::CodedOutputStream coded(&stream);
    coded.SetSerializationDeterministic(true);
    message.SerializeToCodedStream(&coded);
  }
  return bytes;
}

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_API_DETERMINISTIC_BYTES_H_
