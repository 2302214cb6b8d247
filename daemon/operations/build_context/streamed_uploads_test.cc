#include "daemon/operations/build_context/streamed_uploads.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <deque>
#include <filesystem>
#include <future>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "daemon/api/context_limit.h"
#include "daemon/api/testing/fake_api.h"
#include "daemon/api/testing/fake_context_store.h"
#include "daemon/base/error.h"
#include "daemon/base/event.h"
#include "daemon/base/testing/no_descriptors.h"
#include "daemon/base/testing/run_task.h"
#include "daemon/net/asio_clock.h"
#include "daemon/operations/build_context/context_hash.h"
#include "daemon/operations/build_context/tar_context.h"
#include "daemon/operations/build_context/testing/gated_store.h"
#include "daemon/operations/build_context/testing/tar_bytes.h"
#include "daemon/operations/build_context/testing/temporary_directory.h"

namespace daytonad {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

// The directory `proj` of the golden values: a.txt, sub/b.bin with all bytes, the empty sub/empty. As the Python SDK
// hashes it, and as the daemon does.
constexpr char kHash[] = "07f4df414203e52a57f986af890bb226";
constexpr char kTreeHash[] = "8cb509c889e81df9b9d2235787c50101";

std::string ProjectTar() {
  std::string bytes;
  for (int i = 0; i < 256; ++i) bytes.push_back(static_cast<char>(i));
  return TarDirectory("proj/") + TarFile("proj/a.txt", "A\n") + TarDirectory("proj/sub/") +
         TarFile("proj/sub/b.bin", bytes) + TarDirectory("proj/sub/empty/") + TarEnd();
}

// What a client sends: pieces of a tar, and perhaps an error instead of the end.
class Sent final : public ByteStream {
 public:
  explicit Sent(std::string_view tar, size_t piece = 700) {
    for (; !tar.empty(); tar.remove_prefix(std::min(piece, tar.size()))) pieces_.emplace_back(tar.substr(0, piece));
  }
  Sent& AndThen(absl::Status status) {
    end_ = std::move(status);
    return *this;
  }

  Task<absl::StatusOr<std::string>> Read(CallContext) override {
    ++reads;
    if (pieces_.empty() && !end_.ok()) co_return end_;
    if (pieces_.empty()) co_return std::string();
    std::string piece = std::move(pieces_.front());
    pieces_.pop_front();
    co_return piece;
  }

  int reads = 0;

 private:
  std::deque<std::string> pieces_;
  absl::Status end_;
};

class StreamedUploadsTest : public ::testing::Test {
 protected:
  static constexpr int64_t kSpoolLimit = 64 << 10;

  StreamedUploadsTest() {
    api_.context_store = [this] { return std::make_unique<FakeContextStore>(contexts_); };
    absl::StatusOr<Spool> spool = Spool::Open(directory_.path(), kSpoolLimit);
    EXPECT_TRUE(spool.ok()) << spool.status();
    spool_.emplace(*std::move(spool));
  }
  ~StreamedUploadsTest() override {
    EXPECT_EQ(contexts_.unfinished, 0);
    EXPECT_EQ(store_uploads_.size(), 0U);
    EXPECT_TRUE(std::filesystem::is_empty(directory_.path()));
    SpoolFile all(*spool_);
    EXPECT_TRUE(all.Reserve(kSpoolLimit).ok()) << "the spool's space was given back";
  }

  absl::StatusOr<UploadOutcome> Upload(UploadHeader header, Sent& sent, bool with_spool = true) {
    StreamedUploads uploads(api_, pool_, store_uploads_, with_spool ? &*spool_ : nullptr, clock_,
                            std::chrono::seconds(30));
    return RunTask(io_, uploads.Upload(CallContext::Background("test"), std::move(header), sent));
  }
  std::string ReasonOf(UploadHeader header, const std::string& tar) {
    Sent sent(tar);
    return ErrorReason(Upload(std::move(header), sent).status());
  }

  boost::asio::io_context io_{1};  // outlives the pool
  AsioClock clock_;
  FakeContexts contexts_;
  FakeApi api_;
  TemporaryDirectory directory_;
  std::optional<Spool> spool_;
  WorkPool pool_;
  StoreUploads store_uploads_{clock_, 2};
};

TEST_F(StreamedUploadsTest, WithAHashTheTarIsPassedOnDirectly) {
  for (const size_t piece : {700UL, 1UL << 20}) {
    contexts_ = {};
    Sent sent(ProjectTar(), piece);
    const auto outcome = Upload({"proj", static_cast<int64_t>(ProjectTar().size()), kHash}, sent, false);
    ASSERT_TRUE(outcome.ok()) << outcome.status();
    EXPECT_EQ(outcome->hash, kHash);
    EXPECT_FALSE(outcome->existed);
    EXPECT_EQ(contexts_.contents.at(kHash), ProjectTar());
  }
}

TEST_F(StreamedUploadsTest, WithAStoredHashNothingIsRead) {
  contexts_.contents[kHash] = "stored";
  Sent sent(ProjectTar());
  const auto outcome = Upload({"proj", 0, kHash}, sent, false);
  ASSERT_TRUE(outcome.ok()) << outcome.status();
  EXPECT_TRUE(outcome->existed);
  EXPECT_EQ(sent.reads, 0);
  EXPECT_EQ(contexts_.contents.at(kHash), "stored");
}

TEST_F(StreamedUploadsTest, WithoutAHashItIsSpooledAndComputed) {
  Sent sent(ProjectTar());
  const auto outcome = Upload({"proj", 0, ""}, sent);
  ASSERT_TRUE(outcome.ok()) << outcome.status();
  EXPECT_EQ(outcome->hash, kTreeHash);
  EXPECT_FALSE(outcome->existed);
  EXPECT_EQ(contexts_.contents.at(kTreeHash), ProjectTar());

  Sent again(ProjectTar());
  const auto second = Upload({"proj", static_cast<int64_t>(ProjectTar().size()), ""}, again);
  ASSERT_TRUE(second.ok()) << second.status();
  EXPECT_TRUE(second->existed);
  EXPECT_THAT(contexts_.calls, ElementsAre(absl::StrCat("Contains ", kTreeHash), absl::StrCat("Upload ", kTreeHash),
                                           absl::StrCat("Finish ", kTreeHash), absl::StrCat("Contains ", kTreeHash)));
}

// A caller that announces this hash is also answered at once.
TEST_F(StreamedUploadsTest, TheDaemonsOwnHashCanBeAnnounced) {
  Sent sent(ProjectTar());
  const auto outcome = Upload({"proj", 0, kTreeHash}, sent, false);
  ASSERT_TRUE(outcome.ok()) << outcome.status();
  EXPECT_EQ(outcome->hash, kTreeHash);
  EXPECT_EQ(contexts_.contents.at(kTreeHash), ProjectTar());
}

// `a` with "bcd" and `ab` with "cd" are the same to the Python SDK.
TEST_F(StreamedUploadsTest, TwoTreesAreNeverConfused) {
  const std::string first = TarFile("a", "bcd") + TarEnd();
  const std::string second = TarFile("ab", "cd") + TarEnd();
  Sent one(first), other(second);
  const auto first_hash = Upload({"a", 0, ""}, one);
  const auto second_hash = Upload({"ab", 0, ""}, other);
  ASSERT_TRUE(first_hash.ok() && second_hash.ok());
  EXPECT_NE(first_hash->hash, second_hash->hash);
  EXPECT_FALSE(second_hash->existed);
}

TEST_F(StreamedUploadsTest, AStoredObjectOfAnotherSizeIsAcceptedOnlyUnderTheDaemonsHash) {
  const auto size = static_cast<int64_t>(ProjectTar().size());
  contexts_.contents[kHash] = contexts_.contents[kTreeHash] = "packed by somebody else";
  Sent of_sdk(ProjectTar());
  const absl::Status taken = Upload({"proj", size, kHash}, of_sdk).status();
  EXPECT_EQ(taken.code(), absl::StatusCode::kAlreadyExists);
  EXPECT_EQ(ErrorReason(taken), "CONTEXT_HASH_TAKEN");
  EXPECT_EQ(ErrorMetadataValue(taken, "context_hash"), kTreeHash);
  Sent own(ProjectTar());
  const auto outcome = Upload({"proj", size, kTreeHash}, own);
  ASSERT_TRUE(outcome.ok()) << outcome.status();
  EXPECT_TRUE(outcome->existed);
  EXPECT_EQ(contexts_.contents.at(kHash), "packed by somebody else");
}

TEST_F(StreamedUploadsTest, WithoutAHashAndASpoolItIsRefusedAtOnce) {
  Sent sent(ProjectTar());
  const absl::Status status = Upload({"proj", 0, ""}, sent, false).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(ErrorReason(status), "CONTEXT_HASH_REQUIRED");
  EXPECT_THAT(std::string(status.message()), HasSubstr("--spool-dir"));
  EXPECT_EQ(sent.reads, 0);
}

TEST_F(StreamedUploadsTest, AWrongHashStoresNothing) {
  const std::string wrong(32, '0');
  Sent sent(ProjectTar());
  const absl::Status status = Upload({"proj", 0, wrong}, sent).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(ErrorReason(status), "CONTEXT_HASH_MISMATCH");
  EXPECT_EQ(ErrorMetadataValue(status, "context_hash"), kTreeHash);
  EXPECT_THAT(contexts_.contents, IsEmpty());
  EXPECT_THAT(contexts_.calls, ElementsAre("Contains " + wrong, "Upload " + wrong, "Abort " + wrong));
}

TEST_F(StreamedUploadsTest, MoreOrFewerBytesThanAnnouncedStoreNothing) {
  const auto size = static_cast<int64_t>(ProjectTar().size());
  for (const char* hash : {kHash, ""}) {
    EXPECT_EQ(ReasonOf({"proj", size - 1, hash}, ProjectTar()), "INVALID_REQUEST");
    EXPECT_EQ(ReasonOf({"proj", size + 1, hash}, ProjectTar()), "INVALID_REQUEST");
  }
  EXPECT_THAT(contexts_.contents, IsEmpty());
}

TEST_F(StreamedUploadsTest, AnInvalidTarStoresNothing) {
  for (const char* hash : {kHash, ""}) {
    EXPECT_EQ(ReasonOf({"proj", 0, hash}, ""), "INVALID_REQUEST");
    EXPECT_EQ(ReasonOf({"proj", 0, hash}, "\x1f\x8b" + std::string(1000, 'x')), "INVALID_REQUEST");
    EXPECT_EQ(ReasonOf({"other", 0, hash}, ProjectTar()), "INVALID_REQUEST");
    EXPECT_EQ(ReasonOf({"proj", 0, hash}, TarFile("proj/../../x", "") + TarEnd()), "INVALID_REQUEST");
    EXPECT_EQ(ReasonOf({"proj", 0, hash}, ProjectTar().substr(0, 1000)), "INVALID_REQUEST");
  }
  EXPECT_THAT(contexts_.contents, IsEmpty());
}

TEST_F(StreamedUploadsTest, AClientThatDisappearsLeavesNothing) {
  for (const char* hash : {kHash, ""}) {
    Sent sent(ProjectTar().substr(0, 1400));
    sent.AndThen(CancelledError());
    EXPECT_TRUE(absl::IsCancelled(Upload({"proj", 0, hash}, sent).status()));
  }
  EXPECT_THAT(contexts_.contents, IsEmpty());
}

TEST_F(StreamedUploadsTest, AStoreThatFailsIsReportedAndTheUploadCanBeRepeated) {
  for (const char* hash : {kHash, ""}) {
    contexts_.contents.clear();
    contexts_.write_results = {absl::UnavailableError("cut")};
    Sent sent(ProjectTar());
    EXPECT_TRUE(absl::IsUnavailable(Upload({"proj", 0, hash}, sent).status()));
    Sent again(ProjectTar());
    EXPECT_TRUE(Upload({"proj", 0, hash}, again).ok());
  }
}

TEST_F(StreamedUploadsTest, AnUploadThatDoesNotFitIntoTheSpoolIsRefused) {
  const std::string large = TarFile("proj", std::string(kSpoolLimit, 'x')) + TarEnd();
  Sent sent(large);
  const absl::Status status = Upload({"proj", 0, ""}, sent).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(ErrorReason(status), "SPOOL_FULL");
  EXPECT_THAT(std::string(status.message()), HasSubstr("--spool-limit of 65536 bytes"));
  Sent announced(large);
  EXPECT_EQ(ErrorReason(Upload({"proj", static_cast<int64_t>(large.size()), ""}, announced).status()), "SPOOL_FULL");
  EXPECT_EQ(announced.reads, 0);
}

TEST_F(StreamedUploadsTest, ContextsTooLargeForTheStoreAreRefusedAtOnce) {
  Sent sent(ProjectTar());
  EXPECT_EQ(ErrorReason(Upload({"proj", kMaxContextBytes + 1, kHash}, sent).status()), "CONTEXT_TOO_LARGE");
  EXPECT_EQ(sent.reads, 0);
}

// Whoever announces much and sends little takes up little.
TEST_F(StreamedUploadsTest, SpoolSpaceIsUsedOnlyByReceivedBytes) {
  struct Asking final : ByteStream {
    explicit Asking(Spool& spool) : spool(spool) {}
    Task<absl::StatusOr<std::string>> Read(CallContext) override {
      EXPECT_EQ(SpoolFile(spool).Reserve(kSpoolLimit).ok(), reads == 0);
      EXPECT_TRUE(SpoolFile(spool).Reserve(kSpoolLimit - 2000).ok());
      if (reads++ > 0) co_return CancelledError();
      co_return ProjectTar().substr(0, 1500);
    }
    Spool& spool;
    int reads = 0;
  } asking(*spool_);
  StreamedUploads uploads(api_, pool_, store_uploads_, &*spool_, clock_, std::chrono::seconds(30));
  const auto outcome = RunTask(io_, uploads.Upload(CallContext::Background("test"), {"proj", kSpoolLimit, ""}, asking));
  EXPECT_TRUE(absl::IsCancelled(outcome.status()));
  EXPECT_EQ(asking.reads, 2);
}

// However many send their first bytes at once, these do not fill the memory.
TEST_F(StreamedUploadsTest, TheBytesOfWaitingUploadsAreLimited) {
  Event gate;
  api_.context_store = [&] { return std::make_unique<GatedStore>(contexts_, gate, clock_); };
  constexpr size_t kPiece = size_t{4} << 20;
  constexpr size_t kFit = StoreUploads::kMaxWaitingBytes / kPiece;
  StreamedUploads uploads(api_, pool_, store_uploads_, nullptr, clock_, std::chrono::seconds(30));
  std::deque<Sent> sent;
  std::vector<std::future<absl::StatusOr<UploadOutcome>>> calls;
  for (size_t i = 0; i < kFit + 10; ++i) {
    const std::string path = absl::StrCat("a", i);
    const std::string one = TarFile(path, std::string(kPiece, 'x')) + TarEnd();
    TreeHash hash(path);
    TarContext context(path, TarContext::Names::kFromRoot, hash);
    ASSERT_TRUE(context.Feed(one).ok() && context.Finish().ok());
    Sent& stream = sent.emplace_back(one, kPiece);
    calls.push_back(
        StartTask(io_, uploads.Upload(CallContext::Background("test"), UploadHeader{path, 0, hash.Finish()}, stream)));
  }
  // Two are being sent, as many wait as fit, and the others are refused.
  const auto ended = [&] {
    return std::ranges::count_if(
        calls, [](const auto& call) { return call.wait_for(std::chrono::seconds(0)) == std::future_status::ready; });
  };
  while (ended() < 8) ASSERT_GT(io_.run_one_for(std::chrono::seconds(30)), 0U);
  gate.Fire();
  io_.restart();
  io_.run();
  size_t refused = 0;
  for (auto& call : calls) {
    const auto outcome = call.get();
    if (outcome.ok()) continue;
    EXPECT_EQ(ErrorReason(outcome.status()), "DAEMON_EXHAUSTED");
    EXPECT_TRUE(RetryDelay(outcome.status()).has_value());
    ++refused;
  }
  EXPECT_EQ(refused, 8U);
}

TEST_F(StreamedUploadsTest, TooFewDescriptorsForTheSpoolAreARetryableError) {
  {
    const NoDescriptors no_more;
    Sent sent(ProjectTar());
    const absl::Status status = Upload({"proj", 0, ""}, sent).status();
    EXPECT_TRUE(absl::IsUnavailable(status));
    EXPECT_EQ(ErrorReason(status), "DAEMON_EXHAUSTED");
  }
  Sent again(ProjectTar());
  EXPECT_TRUE(Upload({"proj", 0, ""}, again).ok());
}

TEST_F(StreamedUploadsTest, UploadsShareTheSpool) {
  SpoolFile other(*spool_);
  ASSERT_TRUE(other.Reserve(kSpoolLimit - 1000).ok());
  Sent sent(ProjectTar());
  const absl::Status status = Upload({"proj", 0, ""}, sent).status();
  EXPECT_EQ(ErrorReason(status), "SPOOL_FULL");
  EXPECT_TRUE(RetryDelay(status).has_value());
}

TEST(Spool, ReportsWhyADirectoryIsUnusable) {
  const TemporaryDirectory directory;
  directory.Write("file", "");
  const auto error = [](const std::string& path) { return std::string(Spool::Open(path, 1).status().message()); };
  EXPECT_THAT(error("spool"), HasSubstr("is not an absolute path"));
  EXPECT_THAT(error(directory.Path("none")), HasSubstr("none: No such file"));
  EXPECT_THAT(error(directory.Path("file")), HasSubstr("file: Not a directory"));
}

}  // namespace
}  // namespace daytonad
