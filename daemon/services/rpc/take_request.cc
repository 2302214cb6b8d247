#include "daemon/services/rpc/take_request.h"

#include <zlib.h>

#include <algorithm>
#include <string>

#include "absl/cleanup/cleanup.h"
#include "absl/strings/str_cat.h"
#include "daemon/base/error.h"

namespace daytonad {
namespace {

// A higher compression ratio is an attack: inflating such a message keeps gRPC's thread busy for milliseconds. Small
// messages may have it, because they may consist of one repeated letter.
constexpr size_t kMostRatio = 100;
constexpr size_t kSmall = size_t{256} << 10;

absl::Status Broken() {
  return MakeError(absl::StatusCode::kInvalidArgument, "UNPARSABLE_REQUEST",
                   "The request says that it is compressed, but its bytes are not.");
}

absl::Status TooLarge(size_t limit) {
  return MakeError(absl::StatusCode::kResourceExhausted, "REQUEST_TOO_LARGE",
                   absl::StrCat("The compressed request holds more than ", limit, " bytes, or ", kMostRatio,
                                " times its size. Send it uncompressed."),
                   {{"limit", std::to_string(limit)}});
}

// Inflates both formats of gRPC, which zlib tells apart by their headers.
absl::Status Inflate(const grpc::Slice& compressed, size_t limit, std::string& out) {
  constexpr int kEitherFormat = MAX_WBITS + 32;
  constexpr size_t kFirstPiece = size_t{16} << 10;
  z_stream stream{};
  if (inflateInit2(&stream, kEitherFormat) != Z_OK) return Broken();
  const absl::Cleanup end = [&stream] { inflateEnd(&stream); };
  stream.next_in = const_cast<Bytef*>(compressed.begin());
  stream.avail_in = static_cast<uInt>(compressed.size());
  int result = Z_OK;
  while (result == Z_OK) {
    // One byte more than the limit, to notice that it is exceeded.
    const size_t done = stream.total_out;
    if (done > limit || (done > kSmall && done / kMostRatio > stream.total_in)) return TooLarge(limit);
    if (out.size() == done) out.resize(std::min(std::max(2 * done, kFirstPiece), limit + 1));
    stream.next_out = reinterpret_cast<Bytef*>(out.data()) + done;
    stream.avail_out = static_cast<uInt>(out.size() - done);
    result = inflate(&stream, Z_NO_FLUSH);  // Z_BUF_ERROR: the input ends too early
  }
  if (result != Z_STREAM_END) return Broken();
  if (stream.total_out > limit) return TooLarge(limit);
  out.resize(stream.total_out);
  return absl::OkStatus();
}

}  // namespace

absl::Status Decompress(grpc::ByteBuffer* bytes, size_t limit) {
  if (!grpc_internals::IsCompressed(bytes)) return absl::OkStatus();
  grpc::Slice compressed;
  if (!bytes->DumpToSingleSlice(&compressed).ok()) return Broken();
  std::string message;
  if (absl::Status status = Inflate(compressed, limit, message); !status.ok()) return status;
  const grpc::Slice slice(message);
  grpc::ByteBuffer(&slice, 1).Swap(bytes);
  return absl::OkStatus();
}

}  // namespace daytonad
