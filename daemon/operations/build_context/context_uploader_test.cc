#include "daemon/operations/build_context/context_uploader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <vector>

#include "daemon/api/context_limit.h"
#include "daemon/api/testing/fake_api.h"
#include "daemon/api/testing/fake_context_store.h"
#include "daemon/base/error.h"
#include "daemon/base/testing/run_task.h"
#include "daemon/net/asio_clock.h"
#include "daemon/operations/build_context/testing/gated_store.h"
#include "daemon/operations/build_context/testing/temporary_directory.h"

namespace daytonad {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

// Of the files `a` and `b` with the contents "A" and "B": MD5 of "aA" and "bB".
constexpr char kHashA[] = "58a8990c713645f335fec4f6c70ad17b";
constexpr char kHashB[] = "b22579efb106057e75e5bd7368962d09";

ContextSource File(const std::string& name, const std::string& content) { return {name, InlineFile{content}}; }

using Hashes = absl::StatusOr<std::vector<std::string>>;

class ContextUploaderTest : public ::testing::Test {
 protected:
  ContextUploaderTest() {
    api_.context_store = [this] { return std::make_unique<FakeContextStore>(contexts_); };
    absl::StatusOr<ContextRoots> roots = ContextRoots::Open({directory_.path()});
    EXPECT_TRUE(roots.ok()) << roots.status();
    roots_ = *std::move(roots);
  }

  // From now on uploads wait for gate_.
  void CloseGate() {
    api_.context_store = [this] { return std::make_unique<GatedStore>(contexts_, gate_, clock_); };
  }
  Task<Hashes> UploadTask(std::vector<ContextSource> sources, std::stop_token stop = {}) {
    return uploader_.UploadAll(CallContext::Background("test").WithStopToken(std::move(stop)), std::move(sources));
  }
  Hashes Upload(std::vector<ContextSource> sources) { return RunTask(io_, UploadTask(std::move(sources))); }
  // Lets everything run on until this holds.
  void RunUntil(const std::function<bool()>& condition) {
    io_.restart();
    while (!condition()) ASSERT_GT(io_.run_one_for(std::chrono::seconds(30)), 0U);
  }
  int Count(const std::string& call) const {
    return static_cast<int>(
        std::ranges::count_if(contexts_.calls, [&](const std::string& made) { return made.starts_with(call); }));
  }

  boost::asio::io_context io_{1};
  AsioClock clock_;
  Event gate_;
  FakeContexts contexts_;
  FakeApi api_;
  TemporaryDirectory directory_;
  ContextRoots roots_;
  WorkPool pool_;
  StoreUploads uploads_{clock_, 2};
  ContextUploader uploader_{api_, roots_, pool_, uploads_, clock_};
};

TEST_F(ContextUploaderTest, DoesNotOpenTheStoreWithoutFiles) {
  EXPECT_THAT(*Upload({}), IsEmpty());
  EXPECT_THAT(api_.calls, IsEmpty());
}

TEST_F(ContextUploaderTest, ReturnsTheHashesInOrderAndStoresEachOnce) {
  directory_.Write("b", "B");
  const std::vector<ContextSource> sources = {File("a", "A"), {"b", HostPath{directory_.Path("b")}}, File("a", "A")};
  const Hashes hashes = Upload(sources);
  ASSERT_TRUE(hashes.ok()) << hashes.status();
  ASSERT_EQ(hashes->size(), 3U);
  EXPECT_EQ(hashes->at(0), kHashA);
  EXPECT_EQ(hashes->at(2), kHashA);
  EXPECT_EQ(Count("Upload"), 2);
  EXPECT_EQ(contexts_.contents.size(), 2U);
  EXPECT_EQ(Count("Contains"), 3);
  EXPECT_THAT(api_.calls, ElementsAre("OpenContextStore"));

  EXPECT_EQ(*Upload(sources), *hashes);
  EXPECT_EQ(Count("Upload"), 2) << "a repeated create uploads nothing";
}

TEST_F(ContextUploaderTest, ReportsTheOutcomeOfEach) {
  struct Observer : UploadObserver {
    void OnContext(const std::string& archive_path, const std::string& hash, bool existed) override {
      lines.push_back(archive_path + " " + hash + (existed ? " existed" : " uploaded"));
    }
    std::vector<std::string> lines;
  } observer;
  std::vector<ContextSource> sources = {File("a", "A"), File("a", "A"), {"", UploadedContext{kHashA}}};
  ASSERT_TRUE(RunTask(io_, uploader_.UploadAll(CallContext::Background("test"), std::move(sources), &observer)).ok());
  EXPECT_THAT(observer.lines,
              ElementsAre(std::string("a ") + kHashA + " uploaded", std::string("a ") + kHashA + " existed",
                          std::string(" ") + kHashA + " existed"));
}

TEST_F(ContextUploaderTest, ChecksThatEarlierUploadsAreStored) {
  EXPECT_THAT(*Upload({File("a", "A"), {"", UploadedContext{kHashA}}}), ElementsAre(kHashA, kHashA));
  const Hashes missing = Upload({{"", UploadedContext{kHashB}}});
  EXPECT_EQ(missing.status().code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(ErrorReason(missing.status()), "CONTEXT_NOT_FOUND");
  EXPECT_THAT(std::string(missing.status().message()), HasSubstr(kHashB));
  EXPECT_EQ(Count("Upload"), 1);
}

TEST_F(ContextUploaderTest, ErrorsOfTheStoreReachTheCaller) {
  contexts_.contains_results = {absl::PermissionDeniedError("no")};
  EXPECT_EQ(Upload({File("a", "A")}).status().code(), absl::StatusCode::kPermissionDenied);
  EXPECT_EQ(Count("Upload"), 0);
  api_.context_store = nullptr;
  EXPECT_EQ(Upload({File("a", "A")}).status().code(), absl::StatusCode::kFailedPrecondition);
}

TEST_F(ContextUploaderTest, AFailedUploadIsAbortedAndCanBeRepeated) {
  contexts_.write_results = {absl::UnavailableError("cut")};
  EXPECT_TRUE(absl::IsUnavailable(Upload({File("a", "A")}).status()));
  EXPECT_EQ(Count("Abort"), 1);
  contexts_.finish_results = {absl::UnavailableError("cut")};
  EXPECT_TRUE(absl::IsUnavailable(Upload({File("a", "A")}).status()));
  EXPECT_EQ(Count("Abort"), 2);
  EXPECT_EQ(contexts_.unfinished, 0);
  EXPECT_THAT(contexts_.contents, IsEmpty());
  EXPECT_TRUE(Upload({File("a", "A")}).ok());
  EXPECT_EQ(uploads_.size(), 0U);
}

TEST_F(ContextUploaderTest, ASecondUploadOfTheSameHashWaitsForTheFirst) {
  CloseGate();
  std::future<Hashes> first = StartTask(io_, UploadTask({File("a", "A")}));
  std::future<Hashes> second = StartTask(io_, UploadTask({File("a", "A")}));
  RunUntil([&] { return Count("Upload") == 1 && Count("Contains") == 2; });
  gate_.Fire();
  io_.run();
  EXPECT_THAT(*first.get(), ElementsAre(kHashA));
  EXPECT_THAT(*second.get(), ElementsAre(kHashA));
  EXPECT_EQ(Count("Upload"), 1);
  EXPECT_EQ(Count("Contains"), 2);
  EXPECT_EQ(uploads_.size(), 0U);
}

TEST_F(ContextUploaderTest, ASecondUploadTakesOverWhenTheFirstFails) {
  CloseGate();
  contexts_.write_results = {absl::UnavailableError("cut")};
  std::future<Hashes> first = StartTask(io_, UploadTask({File("a", "A")}));
  std::future<Hashes> second = StartTask(io_, UploadTask({File("a", "A")}));
  gate_.Fire();
  io_.run();
  EXPECT_NE(first.get().ok(), second.get().ok());
  EXPECT_EQ(contexts_.contents.size(), 1U);
}

TEST_F(ContextUploaderTest, SendsNoMoreThanTheLimitAtATime) {
  CloseGate();
  std::vector<std::future<Hashes>> calls;
  for (const char* name : {"a", "b", "c", "d", "e"}) calls.push_back(StartTask(io_, UploadTask({File(name, "x")})));
  RunUntil([&] { return Count("Contains") == 5 && Count("Upload") == 2; });
  gate_.Fire();
  io_.run();
  for (auto& call : calls) EXPECT_TRUE(call.get().ok());
  EXPECT_EQ(contexts_.contents.size(), 5U);
}

TEST_F(ContextUploaderTest, CancellingTheCallEndsItsUpload) {
  CloseGate();
  std::stop_source stop;
  std::future<Hashes> call = StartTask(io_, UploadTask({File("a", "A")}, stop.get_token()));
  std::stop_source stop_waiting;
  std::future<Hashes> waiting = StartTask(io_, UploadTask({File("a", "A")}, stop_waiting.get_token()));
  RunUntil([&] { return Count("Upload") == 1; });
  stop_waiting.request_stop();
  stop.request_stop();
  io_.run();
  EXPECT_TRUE(absl::IsCancelled(call.get().status()));
  EXPECT_TRUE(absl::IsCancelled(waiting.get().status()));
  EXPECT_EQ(Count("Abort"), 1);
  EXPECT_EQ(contexts_.unfinished, 0);
  EXPECT_THAT(contexts_.contents, IsEmpty());
  EXPECT_EQ(uploads_.size(), 0U);
}

TEST_F(ContextUploaderTest, ACancelledCallStopsHashing) {
  directory_.Write("sparse", "");
  std::filesystem::resize_file(directory_.Path("sparse"), uint64_t{70} << 30);  // would take minutes
  std::stop_source stop;
  std::future<Hashes> call =
      StartTask(io_, UploadTask({{"sparse", HostPath{directory_.Path("sparse")}}}, stop.get_token()));
  for (int i = 0; i < 5; ++i) io_.run_one();
  stop.request_stop();
  io_.run();
  EXPECT_TRUE(absl::IsCancelled(call.get().status()));
}

TEST_F(ContextUploaderTest, ContextsTooLargeForTheStoreAreNotRead) {
  directory_.Write("p/sparse", "");
  std::filesystem::resize_file(directory_.Path("p/sparse"), uint64_t{1} << 40);  // would take hours
  const absl::Status status = Upload({{"p", HostPath{directory_.Path("p")}}}).status();
  EXPECT_TRUE(absl::IsInvalidArgument(status));
  EXPECT_EQ(ErrorReason(status), "CONTEXT_TOO_LARGE");
  EXPECT_EQ(ErrorMetadataValue(status, "limit"), std::to_string(kMaxContextBytes));
}

TEST_F(ContextUploaderTest, FilesThatChangeBetweenHashAndUploadAreNotStored) {
  directory_.Write("p/a", "one");
  contexts_.contains_results = {absl::OkStatus()};
  // The store is asked between the two passes.
  struct ChangingStore : ContextStore {
    ChangingStore(FakeContexts& contexts, const TemporaryDirectory& directory)
        : store(contexts), directory(directory) {}
    Task<absl::StatusOr<std::optional<int64_t>>> Contains(CallContext context, std::string hash) override {
      directory.Write("p/a", "two");
      return store.Contains(std::move(context), std::move(hash));
    }
    std::unique_ptr<ContextUpload> Upload(std::string hash) override { return store.Upload(std::move(hash)); }
    FakeContextStore store;
    const TemporaryDirectory& directory;
  };
  api_.context_store = [this] { return std::make_unique<ChangingStore>(contexts_, directory_); };
  const Hashes hashes = Upload({{"p", HostPath{directory_.Path("p")}}});
  EXPECT_EQ(hashes.status().code(), absl::StatusCode::kAborted);
  EXPECT_EQ(ErrorReason(hashes.status()), "CONTEXT_CHANGED");
  EXPECT_EQ(Count("Upload"), Count("Abort"));
  EXPECT_THAT(contexts_.contents, IsEmpty());
  EXPECT_TRUE(Upload({{"p", HostPath{directory_.Path("p")}}}).ok());
}

TEST_F(ContextUploaderTest, PathsOutsideTheRootsAreRefused) {
  EXPECT_EQ(ErrorReason(Upload({{"p", HostPath{"/etc/passwd"}}}).status()), "PATH_NOT_ALLOWED");
  EXPECT_EQ(Count("Contains"), 0);
}

TEST_F(ContextUploaderTest, ALargeContextIsSentInSmallPieces) {
  directory_.Write("p/sparse", "");
  std::filesystem::resize_file(directory_.Path("p/sparse"), 20 << 20);
  ASSERT_TRUE(Upload({{"p", HostPath{directory_.Path("p")}}}).ok());
  EXPECT_LE(contexts_.largest_write, 2U << 20);
}

}  // namespace
}  // namespace daytonad
