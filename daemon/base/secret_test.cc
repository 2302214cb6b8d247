#include "daemon/base/secret.h"

#include <gtest/gtest.h>

#include <concepts>
#include <ostream>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

namespace daytonad {
namespace {

template <typename T>
concept Printable = requires(std::ostream& out, const T& value) {
  out << value;
};

static_assert(!Printable<Secret>);
static_assert(!std::is_convertible_v<Secret, std::string>);
static_assert(!std::is_convertible_v<Secret, std::string_view>);
static_assert(!std::is_constructible_v<Secret, const std::string&>, "a secret takes its bytes, it does not copy them");

TEST(SecretTest, TakesTheBytesAndLeavesNothingBehind) {
  std::string bytes = "dtn_0123456789abcdef0123456789abcdef";
  const size_t size = bytes.size();
  const char* const data = bytes.data();
  const Secret secret(std::move(bytes));
  EXPECT_EQ(secret.Reveal(), "dtn_0123456789abcdef0123456789abcdef");
  EXPECT_TRUE(bytes.empty());  // NOLINT(bugprone-use-after-move): that is what is tested
  ASSERT_EQ(bytes.data(), data) << "the buffer is still the string's own, so it may be looked at";
  bytes.resize(size, 'x');
  EXPECT_EQ(bytes.find("dtn_"), std::string::npos);
}

TEST(SecretTest, CopiesShareOneBuffer) {
  const Secret first(std::string("value"));
  const Secret second = first;  // NOLINT(performance-unnecessary-copy-initialization)
  EXPECT_EQ(first.Reveal().data(), second.Reveal().data());
}

TEST(SecretTest, CopySurvivesTheOriginal) {
  Secret copy;
  {
    const Secret original(std::string("value"));
    copy = original;
  }
  EXPECT_EQ(copy.Reveal(), "value");
}

TEST(SecretTest, EmptyIsEmpty) {
  EXPECT_TRUE(Secret().empty());
  EXPECT_TRUE(Secret(std::string()).empty());
  EXPECT_EQ(Secret().Reveal(), "");
}

TEST(SecretTest, HoldsMoreThanAPage) {
  const Secret secret(std::string(10'000, 'k'));
  EXPECT_EQ(secret.Reveal(), std::string(10'000, 'k'));
}

TEST(WipeStringTest, OverwritesTheBytes) {
  std::string text(64, 's');
  const char* const data = text.data();
  WipeString(text);
  EXPECT_TRUE(text.empty());
  ASSERT_EQ(text.data(), data);
  text.resize(64, '\1');  // within the capacity: the same bytes, overwritten before
  EXPECT_EQ(text.find('s'), std::string::npos);
}

TEST(SecretTest, CopiesAreToldFromEqualSecrets) {
  const Secret secret(std::string("dtn_secret"));
  const Secret copy = secret;  // NOLINT(performance-unnecessary-copy-initialization)
  const Secret equal(std::string("dtn_secret"));
  EXPECT_TRUE(copy.IsCopyOf(secret));
  EXPECT_FALSE(equal.IsCopyOf(secret));
}

TEST(SecretTest, FingerprintsTellSecretsApart) {
  EXPECT_EQ(Secret("one").Fingerprint(), Secret("one").Fingerprint());
  EXPECT_NE(Secret("one").Fingerprint(), Secret("two").Fingerprint());
  EXPECT_NE(Secret("one").Fingerprint(), Secret().Fingerprint());
}

}  // namespace
}  // namespace daytonad
