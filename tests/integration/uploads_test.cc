// UploadBuildContext: from a client, through the daemon, into the emulator's object storage.
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <future>

#include "tests/integration/context_upload.h"
#include "tests/integration/fixture.h"

namespace daytonad::testing {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr size_t kMiB = 1 << 20;

class UploadsTest : public IntegrationTest {
 protected:
  ProcessOptions daemon_options() override {
    ProcessOptions options = DaemonFor(emulator_->url());
    std::string pattern = std::filesystem::temp_directory_path() / "daytonad-spool-XXXXXX";
    spool_ = ::mkdtemp(pattern.data());
    options.flags.insert(options.flags.end(), {"--spool-dir", spool_, "--spool-limit", "64MiB", "--listen-read-only",
                                               "127.0.0.1:0", "--drain-timeout", drain_timeout_});
    return options;
  }
  void TearDown() override {
    // In all cases: no upload is left in progress in the storage, and nothing was sent there that belongs elsewhere.
    EXPECT_TRUE(Eventually([this] { return control().Storage()["uploads"].empty(); })) << control().Storage().dump(1);
    EXPECT_EQ(control().Storage()["foreignCredentials"], 0);
    EXPECT_TRUE(std::filesystem::is_empty(spool_));
    std::filesystem::remove_all(spool_);
  }

  client::Result<v1::UploadBuildContextResponse> Upload(const v1::BuildContextHeader& header, std::string_view tar,
                                                        size_t piece = kMiB) {
    return UploadTar(builds(), header, tar, piece);
  }
  nlohmann::json Objects() { return control().Storage()["objects"]; }
  int Writes() { return control().CountRequests("PUT", "/_storage") + control().CountRequests("POST", "/_storage"); }

  std::string spool_;
  const char* drain_timeout_ = "100s";
};

TEST_F(UploadsTest, ATarIsStoredUnderItsHashAndOnlyOnce) {
  const std::string tar = FileTar("proj/a.txt", "A\n");
  const std::string hash = "3ca6cdf871a85ea07ac33693733306a4";  // as the Python SDK makes it
  auto uploaded = Upload(UploadHeader("proj/a.txt", hash, static_cast<int64_t>(tar.size())), tar);
  ASSERT_EQ(Outcome(uploaded.error), "OK");
  EXPECT_EQ(uploaded.value.context_hash(), hash);
  EXPECT_FALSE(uploaded.value.existed());
  ASSERT_THAT(Objects(), SizeIs(1));
  const std::string key = Objects()[0]["key"];
  EXPECT_THAT(key, EndsWith("/" + hash + "/context.tar"));
  EXPECT_EQ(control().StoredObject(key), tar);

  const int writes = Writes();
  uploaded = Upload(UploadHeader("proj/a.txt", hash), tar);
  ASSERT_EQ(Outcome(uploaded.error), "OK");
  EXPECT_TRUE(uploaded.value.existed());
  EXPECT_EQ(Writes(), writes);
}

TEST_F(UploadsTest, WithoutAHashItGoesThroughTheSpool) {
  const std::string content(20 * kMiB, 'x');
  const std::string tar = FileTar("big", content);
  auto uploaded = Upload(UploadHeader("big"), tar);
  ASSERT_EQ(Outcome(uploaded.error), "OK");
  EXPECT_EQ(uploaded.value.context_hash(), HashOfFile("big", content));
  EXPECT_FALSE(uploaded.value.existed());
  ASSERT_THAT(Objects(), SizeIs(1));
  EXPECT_EQ(Objects()[0]["size"], tar.size());
  EXPECT_GT(Objects()[0]["pieces"], 1);
  EXPECT_EQ(control().StoredObject(Objects()[0]["key"]), tar);
  EXPECT_TRUE(Upload(UploadHeader("big"), tar).value.existed());
}

TEST_F(UploadsTest, MessagesOfAnySizeGrpcTakes) {
  const std::string content(40 * kMiB, 'x');
  const std::string tar = FileTar("big", content);
  const std::string hash = HashOfFile("big", content);
  EXPECT_EQ(Outcome(Upload(UploadHeader("big", hash), tar, 4 * kMiB - 100).error), "OK");
  EXPECT_EQ(Objects()[0]["size"], tar.size());
  const std::string small = FileTar("small", "x");
  EXPECT_EQ(Outcome(Upload(UploadHeader("small"), small, 100).error), "OK");
}

TEST_F(UploadsTest, AStoredContextIsAnsweredBeforeTheClientSendsIt) {
  const std::string tar = FileTar("a", "A");
  const std::string hash = HashOfFile("a", "A");
  ASSERT_EQ(Outcome(Upload(UploadHeader("a", hash), tar).error), "OK");
  UploadCall call(builds());
  ASSERT_TRUE(call.SendHeader(UploadHeader("a", hash, static_cast<int64_t>(tar.size()))));
  const auto answer = call.Finish();  // without sending data or closing the stream
  EXPECT_EQ(Outcome(answer.error), "OK");
  EXPECT_TRUE(answer.value.existed());
}

// `a` with "bcd" and `ab` with "cd" have the same hash in the Python SDK: only a caller that announces the hash learns
// that it is stored.
TEST_F(UploadsTest, ACollidingTreeIsNotTakenForAnother) {
  const std::string theirs = FileTar("p/ab", "cd");
  EXPECT_NE(Upload(UploadHeader("p"), theirs).value.context_hash(),
            Upload(UploadHeader("p"), FileTar("p/a", "bcd")).value.context_hash());
  EXPECT_THAT(Objects(), SizeIs(2));
}

TEST_F(UploadsTest, ATarOfAnotherSizeIsNotTakenForTheAnnouncedOne) {
  const std::string sdk_hash = "f9381503da4d420a0894ca0529e0e1e1";
  const std::string theirs = TarFile("p/ab", "cd") + TarEnd() + std::string(8192, '\0');
  ASSERT_EQ(Outcome(Upload(UploadHeader("p", sdk_hash), theirs).error), "OK");
  const std::string mine = FileTar("p/a", "bcd");
  const auto refused = Upload(UploadHeader("p", sdk_hash, static_cast<int64_t>(mine.size())), mine);
  ASSERT_EQ(Outcome(refused.error), "ALREADY_EXISTS CONTEXT_HASH_TAKEN");
  const std::string own_hash = refused.error->metadata.at("context_hash");
  EXPECT_EQ(Outcome(Upload(UploadHeader("p", own_hash, static_cast<int64_t>(mine.size())), mine).error), "OK");
  EXPECT_THAT(Objects(), SizeIs(2));
}

TEST_F(UploadsTest, AReadOnlyListenerRefusesWithoutReading) {
  auto client = client::Client::Connect(daemon_->addresses().at(1));
  ASSERT_TRUE(client.ok());
  UploadCall call(client->builds());
  EXPECT_EQ(Outcome(call.Finish().error), "PERMISSION_DENIED READ_ONLY_LISTENER");
}

TEST_F(UploadsTest, InvalidRequestsAreExplained) {
  const std::string invalid = "INVALID_ARGUMENT INVALID_REQUEST";
  const std::string tar = FileTar("a", "A");
  const auto size = static_cast<int64_t>(tar.size());
  {
    UploadCall call(builds());
    call.writer->WritesDone();
    EXPECT_EQ(Outcome(call.Finish().error), invalid);
  }
  {
    UploadCall call(builds());
    call.Send(tar);
    EXPECT_EQ(Outcome(call.Finish().error), invalid);
  }
  {
    UploadCall call(builds());
    call.SendHeader(UploadHeader("a"));
    call.SendHeader(UploadHeader("a"));
    EXPECT_EQ(Outcome(call.Finish().error), invalid);
  }
  for (const std::string path : {"", "/a", "a/../b", "..", "./a", "a//b", "a/", "a\nb"}) {
    EXPECT_EQ(Outcome(Upload(UploadHeader(path), tar).error), invalid) << path;
  }
  EXPECT_EQ(Outcome(Upload(UploadHeader("a", "xyz"), tar).error), invalid);
  EXPECT_EQ(Outcome(Upload(UploadHeader("a", "../../etc"), tar).error), invalid);
  EXPECT_EQ(Outcome(Upload(UploadHeader("a", "", -1), tar).error), invalid);
  v1::BuildContextHeader header = UploadHeader("a");
  header.set_request_id("two words");
  EXPECT_EQ(Outcome(Upload(header, tar).error), invalid);
  EXPECT_EQ(Outcome(Upload(UploadHeader("a", "", size - 1), tar).error), invalid);
  EXPECT_EQ(Outcome(Upload(UploadHeader("a", "", size + 1), tar).error), invalid);
  EXPECT_EQ(Outcome(Upload(UploadHeader("b"), tar).error), invalid);
  EXPECT_EQ(Outcome(Upload(UploadHeader("a"), tar.substr(0, 600)).error), invalid);
  const auto compressed = Upload(UploadHeader("a"), "\x1f\x8b\x08" + std::string(1000, 'x'));
  EXPECT_EQ(Outcome(compressed.error), invalid);
  EXPECT_THAT(compressed.error->message, HasSubstr("compressed"));
  EXPECT_EQ(Outcome(Upload(UploadHeader("a", std::string(32, '0')), tar).error),
            "INVALID_ARGUMENT CONTEXT_HASH_MISMATCH");
  EXPECT_THAT(Objects(), IsEmpty());
}

TEST_F(UploadsTest, AnUploadLargerThanTheSpoolIsRefused) {
  const std::string tar = FileTar("a", std::string(65 * kMiB, 'x'));
  EXPECT_EQ(Outcome(Upload(UploadHeader("a"), tar).error), "RESOURCE_EXHAUSTED SPOOL_FULL");
  UploadCall call(builds());
  call.SendHeader(UploadHeader("a", "", int64_t{1} << 40));
  EXPECT_EQ(Outcome(call.Finish().error), "RESOURCE_EXHAUSTED SPOOL_FULL");
}

TEST_F(UploadsTest, AClientThatDisappearsHalfwayLeavesNothing) {
  const std::string content(40 * kMiB, 'x');
  const std::string tar = FileTar("big", content);
  const std::string hash = HashOfFile("big", content);
  for (const std::string& known : {hash, std::string()}) {
    UploadCall call(builds());
    ASSERT_TRUE(call.SendHeader(UploadHeader("big", known)));
    for (size_t sent = 0; sent < 30 * kMiB; sent += kMiB) ASSERT_TRUE(call.Send(tar.substr(sent, kMiB)));
    if (!known.empty()) {
      ASSERT_TRUE(Eventually([this] { return !control().Storage()["uploads"].empty(); }));
    }
    call.context.TryCancel();
    EXPECT_EQ(Outcome(call.Finish().error).substr(0, 9), "CANCELLED");
    EXPECT_TRUE(Eventually([this] { return control().Storage()["uploads"].empty(); }));
    EXPECT_THAT(Objects(), IsEmpty());
    EXPECT_EQ(Outcome(Upload(UploadHeader("big", known), tar).error), "OK");
    control().ClearStorage();
  }
}

// The stream breaks off after a complete message, without being closed: that must not count as its end.
TEST_F(UploadsTest, AConnectionThatBreaksLeavesNothing) {
  const std::string tar = FileTar("a", "A");
  {
    auto client = client::Client::Connect(daemon_->addresses().at(0));
    ASSERT_TRUE(client.ok());
    UploadCall call(client->builds());
    ASSERT_TRUE(call.SendHeader(UploadHeader("a", HashOfFile("a", "A"))));
    ASSERT_TRUE(call.Send(tar));
    ASSERT_TRUE(Eventually([this] { return control().CountRequests("HEAD", "/_storage") == 1; }));
    call.context.TryCancel();
    call.writer->Finish();
  }
  EXPECT_EQ(Outcome(Upload(UploadHeader("b"), FileTar("b", "B")).error), "OK");
  ASSERT_THAT(Objects(), SizeIs(1));
  EXPECT_THAT(std::string(Objects()[0]["key"]), HasSubstr(HashOfFile("b", "B")));
}

TEST_F(UploadsTest, RefusingAndFailingStorageDifferAndARetrySucceeds) {
  const std::string content(20 * kMiB, 'x');
  const std::string tar = FileTar("big", content);
  const std::string hash = HashOfFile("big", content);
  const nlohmann::json writes = {{"method", "PUT"}, {"path_regex", "/_storage/.*"}};
  struct Case {
    nlohmann::json match;
    nlohmann::json fault;
    std::string outcome;
  };
  for (const Case& c :
       std::vector<Case>{{{{"method", "HEAD"}, {"path_regex", "/_storage/.*"}},
                          {{"status", 403}},
                          "PERMISSION_DENIED CONTEXT_STORE_REFUSED"},
                         {{{"method", "HEAD"}, {"path_regex", "/_storage/.*"}},
                          {{"status", 500}},
                          "UNAVAILABLE CONTEXT_STORE_UNAVAILABLE"},
                         {writes, {{"status", 403}}, "PERMISSION_DENIED CONTEXT_STORE_REFUSED"},
                         {writes, {{"status", 503}}, "UNAVAILABLE CONTEXT_STORE_UNAVAILABLE"},
                         {writes, {{"cut_request_after_bytes", kMiB}}, "UNAVAILABLE CONTEXT_STORE_UNAVAILABLE"}}) {
    SCOPED_TRACE(c.match.dump() + c.fault.dump());
    control().AddFault(c.match, c.fault);
    // Retryable failures are retried until the call's deadline.
    const auto failed = UploadTar(builds(), UploadHeader("big", hash), tar, kMiB, std::chrono::seconds(8));
    EXPECT_EQ(Outcome(failed.error), c.outcome);
    EXPECT_THAT(Objects(), IsEmpty());
    EXPECT_TRUE(Eventually([this] { return control().Storage()["uploads"].empty(); }));
    control().ClearFaults();
    EXPECT_EQ(Outcome(Upload(UploadHeader("big", hash), tar).error), "OK");
    control().ClearStorage();
  }
}

TEST_F(UploadsTest, WithoutObjectStorageTheErrorSaysSo) {
  control().SetStorageConfigured(false);
  EXPECT_EQ(Outcome(Upload(UploadHeader("a"), FileTar("a", "A")).error), "FAILED_PRECONDITION NO_CONTEXT_STORE");
}

TEST_F(UploadsTest, TwoUploadsOfTheSameContextSendItOnce) {
  const std::string content(20 * kMiB, 'x');
  const std::string tar = FileTar("big", content);
  const std::string hash = HashOfFile("big", content);
  const auto upload = [&] { return Upload(UploadHeader("big", hash), tar); };
  auto first = std::async(std::launch::async, upload);
  auto second = std::async(std::launch::async, upload);
  const auto one = first.get();
  const auto other = second.get();
  EXPECT_EQ(Outcome(one.error), "OK");
  EXPECT_EQ(Outcome(other.error), "OK");
  EXPECT_NE(one.value.existed(), other.value.existed());
}

TEST_F(UploadsTest, AnUploadRunsOnWhileTheDaemonDrains) {
  const std::string tar = FileTar("a", "A");
  UploadCall call(builds());
  ASSERT_TRUE(call.SendHeader(UploadHeader("a", HashOfFile("a", "A"))));
  ASSERT_TRUE(Eventually([this] { return control().CountRequests("HEAD", "/_storage") == 1; }));
  daemon_->Signal(SIGTERM);
  ASSERT_TRUE(Eventually([this] { return Health("") == "NOT_SERVING"; }));
  EXPECT_TRUE(call.Send(tar));
  call.writer->WritesDone();
  EXPECT_EQ(Outcome(call.Finish().error), "OK");
  EXPECT_EQ(daemon_->WaitForExit(), 0);
  EXPECT_THAT(Objects(), SizeIs(1));
}

// However many there are, nobody waits for them.
TEST_F(UploadsTest, AHeaderAloneHoldsNoUploadSlot) {
  const std::string tar = FileTar("a", "A");
  const std::string hash = HashOfFile("a", "A");
  std::vector<std::unique_ptr<UploadCall>> idle;
  for (int i = 0; i < 8; ++i) {
    for (const auto& header :
         {UploadHeader("a", hash), UploadHeader("b" + std::to_string(i), std::string(31, '0') + std::to_string(i)),
          UploadHeader("c", "", 64 * kMiB)}) {
      ASSERT_TRUE(idle.emplace_back(std::make_unique<UploadCall>(builds()))->SendHeader(header));
    }
    idle.push_back(std::make_unique<UploadCall>(builds()));  // and one without a header
  }
  ASSERT_TRUE(Eventually([this] { return control().CountRequests("HEAD", "/_storage") == 16; }));
  EXPECT_EQ(Outcome(Upload(UploadHeader("a", hash), tar).error), "OK");
  const std::string large = FileTar("large", std::string(40 * kMiB, 'x'));
  EXPECT_EQ(Outcome(Upload(UploadHeader("large"), large).error), "OK");
  for (const auto& call : idle) call->context.TryCancel();
  for (const auto& call : idle) call->writer->Finish();
}

class OneUploadTest : public UploadsTest {
 protected:
  ProcessOptions daemon_options() override {
    ProcessOptions options = UploadsTest::daemon_options();
    options.flags.insert(options.flags.end(), {"--max-uploads", "1", "--max-upload-idle", "100s"});
    return options;
  }
};

TEST_F(OneUploadTest, AnIdleUploadGivesWayToAWaitingOne) {
  UploadCall idle(builds());
  ASSERT_TRUE(idle.SendHeader(UploadHeader("a", HashOfFile("a", "A"))));
  ASSERT_TRUE(idle.Send(FileTar("a", "A").substr(0, 100)));
  ASSERT_TRUE(Eventually([this] { return control().CountRequests("HEAD", "/_storage") == 1; }));
  EXPECT_EQ(Outcome(Upload(UploadHeader("b", HashOfFile("b", "B")), FileTar("b", "B")).error), "OK");
  EXPECT_EQ(Outcome(idle.Finish().error), "ABORTED STREAM_STALLED");
}

class ShortIdleUploadsTest : public UploadsTest {
 protected:
  ProcessOptions daemon_options() override {
    ProcessOptions options = UploadsTest::daemon_options();
    options.flags.insert(options.flags.end(), {"--max-upload-idle", "200ms"});
    return options;
  }
};

TEST_F(ShortIdleUploadsTest, AnIdleUploadEndsAndLeavesNothing) {
  const std::string content(40 * kMiB, 'x');
  const std::string tar = FileTar("big", content);
  for (const std::string& hash : {HashOfFile("big", content), std::string()}) {
    for (const size_t megabytes : {0U, 1U, 20U}) {
      UploadCall call(builds());
      ASSERT_TRUE(call.SendHeader(UploadHeader("big", hash, static_cast<int64_t>(tar.size()))));
      for (size_t i = 0; i < megabytes; ++i) call.Send(tar.substr(i * kMiB, kMiB));
      const auto ended = call.Finish();
      EXPECT_EQ(Outcome(ended.error), "ABORTED STREAM_STALLED") << megabytes;
      EXPECT_THAT(ended.error->message, HasSubstr("--max-upload-idle"));
    }
  }
  UploadCall silent(builds());
  EXPECT_EQ(Outcome(silent.Finish().error), "ABORTED STREAM_STALLED");
  EXPECT_THAT(Objects(), IsEmpty());
  EXPECT_EQ(Outcome(Upload(UploadHeader("big"), tar).error), "OK");
}

class ShortDrainUploadsTest : public UploadsTest {
 protected:
  ShortDrainUploadsTest() { drain_timeout_ = "200ms"; }
};

TEST_F(ShortDrainUploadsTest, AnUploadThatTakesTooLongIsEndedAndLeavesNothing) {
  const std::string content(40 * kMiB, 'x');
  const std::string tar = FileTar("big", content);
  UploadCall call(builds());
  ASSERT_TRUE(call.SendHeader(UploadHeader("big", HashOfFile("big", content))));
  for (size_t sent = 0; sent < 30 * kMiB; sent += kMiB) ASSERT_TRUE(call.Send(tar.substr(sent, kMiB)));
  ASSERT_TRUE(Eventually([this] { return !control().Storage()["uploads"].empty(); }));
  daemon_->Signal(SIGTERM);
  EXPECT_EQ(Outcome(call.Finish().error), "UNAVAILABLE SHUTTING_DOWN");
  EXPECT_EQ(daemon_->WaitForExit(), 0);
  EXPECT_THAT(control().Storage()["uploads"], IsEmpty());
  EXPECT_THAT(Objects(), IsEmpty());
}

TEST_F(UploadsTest, ADaemonThatIsKilledLeavesNothingInTheSpool) {
  const std::string tar = FileTar("big", std::string(20 * kMiB, 'x'));
  UploadCall call(builds());
  ASSERT_TRUE(call.SendHeader(UploadHeader("big")));
  for (size_t sent = 0; sent < 10 * kMiB; sent += kMiB) ASSERT_TRUE(call.Send(tar.substr(sent, kMiB)));
  daemon_->Signal(SIGKILL);
  EXPECT_EQ(daemon_->WaitForExit(), -SIGKILL);
  EXPECT_TRUE(std::filesystem::is_empty(spool_));
}

class NoSpoolTest : public UploadsTest {
 protected:
  ProcessOptions daemon_options() override {
    UploadsTest::daemon_options();  // creates the directory
    return DaemonFor(emulator_->url());
  }
};

TEST_F(NoSpoolTest, AHashIsRequired) {
  UploadCall call(builds());
  ASSERT_TRUE(call.SendHeader(UploadHeader("a")));
  const auto refused = call.Finish();
  EXPECT_EQ(Outcome(refused.error), "FAILED_PRECONDITION CONTEXT_HASH_REQUIRED");
  EXPECT_THAT(refused.error->message, HasSubstr("--spool-dir"));
}

TEST_F(UploadsTest, AGibibyteCostsTheDaemonLittleMemory) {
  ASSERT_EQ(Outcome(Upload(UploadHeader("warm"), FileTar("warm", std::string(kMiB, 'x'))).error), "OK");
  const long before = daemon_->resident_kib();
  const int64_t size = LargeContextBytes();
  const std::string piece(kMiB, '\0');
  ContextHash hash("large");
  for (int64_t at = 0; at < size; at += kMiB) ASSERT_TRUE(hash.OnData(piece).ok());

  UploadCall call(builds());
  ASSERT_TRUE(call.SendHeader(UploadHeader("large", hash.Finish())));
  ASSERT_TRUE(call.Send(TarHeader("large", '0', size)));
  for (int64_t at = 0; at < size; at += kMiB) ASSERT_TRUE(call.Send(piece));
  ASSERT_TRUE(call.Send(TarEnd()));
  call.writer->WritesDone();
  const auto uploaded = call.Finish();
  EXPECT_EQ(Outcome(uploaded.error), "OK");
  EXPECT_LT(daemon_->peak_resident_kib() - before, kLargeContextKib);
  RecordProperty("rise_kib", std::to_string(daemon_->peak_resident_kib() - before));
}

TEST(UploadSettings, AreCheckedAtTheStart) {
  const auto check = [](const std::vector<std::string>& flags) {
    ProcessOptions options = DaemonFor("http://127.0.0.1:1/api");
    options.flags.emplace_back("--check-config");
    options.flags.insert(options.flags.end(), flags.begin(), flags.end());
    return RunDaemon(options);
  };
  EXPECT_EQ(check({"--context-root", "/tmp", "--context-root", "/usr", "--spool-dir", "/tmp"}).exit_status, 0);
  for (const std::vector<std::string>& flags : std::vector<std::vector<std::string>>{{"--context-root", "tmp"},
                                                                                     {"--context-root", "/no/such/dir"},
                                                                                     {"--spool-dir", "/no/such/dir"},
                                                                                     {"--spool-dir", "/proc"}}) {
    const FinishedProcess finished = check(flags);
    EXPECT_EQ(finished.exit_status, 2) << finished.output;
    EXPECT_THAT(finished.output, HasSubstr(flags[0] + ": "));
    EXPECT_THAT(finished.output, HasSubstr(flags[1]));
  }
}

}  // namespace
}  // namespace daytonad::testing
