#include "emulator/storage/aws_chunked.h"

#include <gtest/gtest.h>

#include <string>

#include "absl/strings/str_cat.h"

namespace daytonad::emulator {
namespace {

std::string Decoded(std::string_view body) {
  const auto content = DecodeAwsChunked(Spool(body));
  return content == nullptr ? "(broken)" : content->ToString();
}

TEST(DecodeAwsChunked, TakesSignedChunks) {
  EXPECT_EQ(Decoded("5;chunk-signature=ab\r\nhello\r\n2;chunk-signature=cd\r\n!\n\r\n0;chunk-signature=ef\r\n\r\n"),
            "hello!\n");
}

TEST(DecodeAwsChunked, TakesTrailers) {
  EXPECT_EQ(Decoded("A\r\n0123456789\r\n0\r\nx-amz-checksum-crc32:AAAA\r\n\r\n"), "0123456789");
  EXPECT_EQ(Decoded("0\r\n\r\n"), "");
}

TEST(DecodeAwsChunked, TakesMoreThanABlock) {
  const std::string large(700'000, 'x');
  EXPECT_EQ(Decoded(absl::StrCat("aae60\r\n", large, "\r\n0\r\n\r\n")), large);
}

TEST(DecodeAwsChunked, RefusesOtherForms) {
  for (const char* body :
       {"", "hello", "5\r\nhel", "5\r\nhello\r\n", "5\r\nhelloX\r\n0\r\n\r\n", "x\r\n\r\n", "-1\r\n\r\n"}) {
    EXPECT_EQ(Decoded(body), "(broken)") << body;
  }
}

}  // namespace
}  // namespace daytonad::emulator
