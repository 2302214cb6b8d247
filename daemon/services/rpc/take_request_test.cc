#include "daemon/services/rpc/take_request.h"

#include <grpcpp/support/proto_buffer_reader.h>
#include <gtest/gtest.h>
#include <zlib.h>

#include <random>
#include <string>

#include "daemon/base/error.h"
#include "daytonad/v1/daytona_service.pb.h"

namespace daytonad {
namespace {

// zlib's own format, which gRPC calls deflate, or gzip's.
enum class Format { kDeflate = MAX_WBITS, kGzip = MAX_WBITS + 16 };

std::string Compressed(const std::string& text, Format format) {
  z_stream stream{};
  deflateInit2(&stream, Z_BEST_COMPRESSION, Z_DEFLATED, static_cast<int>(format), 8, Z_DEFAULT_STRATEGY);
  std::string out(deflateBound(&stream, text.size()), '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  EXPECT_EQ(deflate(&stream, Z_FINISH), Z_STREAM_END);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

// As gRPC hands over a message that came compressed, in pieces of `piece` bytes.
grpc::ByteBuffer Arrived(const std::string& bytes, size_t piece = 1000) {
  struct Marker : grpc::ProtoBufferReader {
    using ProtoBufferReader::ProtoBufferReader;
    void Mark() { reader()->buffer_in->data.raw.compression = GRPC_COMPRESS_GZIP; }
  };
  std::vector<grpc::Slice> slices;
  for (size_t at = 0; at < bytes.size(); at += piece) slices.emplace_back(bytes.substr(at, piece));
  grpc::ByteBuffer buffer(slices.data(), slices.size());
  Marker(&buffer).Mark();
  return buffer;
}

std::string TextOf(const grpc::ByteBuffer& buffer) {
  std::vector<grpc::Slice> slices;
  EXPECT_TRUE(buffer.Dump(&slices).ok());
  std::string text;
  for (const grpc::Slice& slice : slices) text.append(slice.begin(), slice.end());
  return text;
}

std::string Noise(size_t size) {
  std::mt19937 random(7);
  std::string text(size, '\0');
  for (char& c : text) c = static_cast<char>(random());
  return text;
}

TEST(DecompressTest, GivesBackWhatWasCompressed) {
  for (const Format format : {Format::kGzip, Format::kDeflate}) {
    for (const std::string& text : {std::string(), std::string("x"), std::string(16 << 10, 'x'), Noise(100'000)}) {
      grpc::ByteBuffer buffer = Arrived(Compressed(text, format));
      ASSERT_TRUE(Decompress(&buffer, 1 << 20).ok());
      EXPECT_EQ(TextOf(buffer), text);
    }
  }
}

TEST(DecompressTest, LeavesWhatIsNotCompressed) {
  const grpc::Slice slice("\x1f\x8b no gzip");
  grpc::ByteBuffer buffer(&slice, 1);
  EXPECT_TRUE(Decompress(&buffer, 1 << 20).ok());
  EXPECT_EQ(TextOf(buffer), "\x1f\x8b no gzip");
}

TEST(DecompressTest, RefusesWhatIsBroken) {
  const std::string whole = Compressed(Noise(3000), Format::kGzip);
  for (const std::string& bytes : {std::string("nonsense"), whole.substr(0, 20), whole.substr(0, whole.size() - 1),
                                   std::string("\x1f\x8b\x08"), std::string(1, '\x1f')}) {
    grpc::ByteBuffer buffer = Arrived(bytes);
    EXPECT_EQ(ErrorReason(Decompress(&buffer, 1 << 20)), "UNPARSABLE_REQUEST") << bytes.size();
  }
}

TEST(DecompressTest, StopsAtTheLimit) {
  const std::string noise = Compressed(Noise(1 << 20), Format::kGzip);
  grpc::ByteBuffer fits = Arrived(noise);
  EXPECT_TRUE(Decompress(&fits, 1 << 20).ok());
  for (const size_t limit : {size_t{0}, size_t{1000}, (size_t{1} << 20) - 1}) {
    grpc::ByteBuffer buffer = Arrived(noise);
    const absl::Status status = Decompress(&buffer, limit);
    EXPECT_EQ(ErrorReason(status), "REQUEST_TOO_LARGE") << limit;
    EXPECT_TRUE(absl::IsResourceExhausted(status));
    EXPECT_EQ(ErrorMetadataValue(status, "limit"), std::to_string(limit));
  }
}

TEST(DecompressTest, StopsWhereAMessageGrowsTooMuch) {
  constexpr size_t kLimit = size_t{64} << 20;
  grpc::ByteBuffer small = Arrived(Compressed(std::string(250'000, '\0'), Format::kGzip));
  EXPECT_TRUE(Decompress(&small, kLimit).ok());
  std::string zeros;
  zeros.resize(10'000'000);
  grpc::ByteBuffer bomb = Arrived(Compressed(zeros, Format::kGzip));
  EXPECT_EQ(ErrorReason(Decompress(&bomb, kLimit)), "REQUEST_TOO_LARGE");
}

TEST(TakeRequestTest, ReadsACompressedMessageAndLetsGoOfItsBytes) {
  v1::GetSandboxRequest sent;
  sent.set_sandbox(std::string(5000, 'x'));
  const grpc::ByteBuffer buffer = Arrived(Compressed(sent.SerializeAsString(), Format::kGzip));
  v1::GetSandboxRequest taken;
  ASSERT_TRUE(TakeRequest(&buffer, &taken, 1 << 20).ok());
  EXPECT_EQ(taken.sandbox(), sent.sandbox());
  EXPECT_EQ(buffer.Valid() ? buffer.Length() : 0, 0U);
}

}  // namespace
}  // namespace daytonad
