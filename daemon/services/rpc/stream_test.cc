// Streams: from the client, to the client, and both ways.
#include <gmock/gmock.h>

#include <atomic>
#include <future>
#include <thread>
#include <utility>

#include "daemon/base/error.h"
#include "daemon/base/event.h"
#include "daemon/services/rpc/testing/fake_rpc.h"

namespace daytonad {
namespace {

using ::testing::ElementsAre;

AccessPolicy DenyAll() {
  return [](const AccessRequest&) { return MakeError(absl::StatusCode::kPermissionDenied, "DENIED", "No."); };
}

// ---- to the client

class ServerStreamTest : public RpcTest {
 protected:
  ServerStreamTest() {
    handlers_.watch = [this](CallContext context, fake::WatchRequest request,
                             StreamWriter<fake::WatchResponse>* writer) {
      return Watch(std::move(context), std::move(request), writer);
    };
  }

  // Two messages; then, if asked for, waits for ever.
  Task<absl::Status> Watch(CallContext context, fake::WatchRequest request, StreamWriter<fake::WatchResponse>* writer) {
    ++handled_;
    for (const char* text : {"one ", "two "}) {
      fake::WatchResponse message;
      message.set_text(text + request.thing());
      absl::Status written = co_await writer->Write(std::move(message));
      if (!written.ok()) co_return written;
    }
    if (!hold_) co_return absl::OkStatus();
    absl::Status status = co_await never_.Wait(clock_, context);
    if (writer->shutting_down()) {
      fake::WatchResponse last;
      last.set_text("going down");
      absl::Status written = co_await writer->Write(std::move(last));
      if (!written.ok()) co_return written;
    }
    co_return status;
  }

  std::unique_ptr<grpc::ClientReader<fake::WatchResponse>> Call(grpc::ClientContext& context) {
    fake::WatchRequest request;
    request.set_thing("box");
    return stub_->Watch(&context, request);
  }
  static std::vector<std::string> ReadAll(grpc::ClientReader<fake::WatchResponse>& reader) {
    std::vector<std::string> texts;
    fake::WatchResponse message;
    while (reader.Read(&message)) texts.push_back(message.text());
    return texts;
  }

  std::atomic<int> handled_ = 0;
  bool hold_ = false;
  Event never_;
};

TEST_F(ServerStreamTest, MessagesArriveInOrderAndThenTheStatus) {
  Start();
  grpc::ClientContext context;
  const auto reader = Call(context);
  EXPECT_THAT(ReadAll(*reader), ElementsAre("one box", "two box"));
  EXPECT_TRUE(reader->Finish().ok());
  const KeptRecord record = records_.Take();
  EXPECT_EQ(record.method, "daytonad.fake.FakeService/Watch");
  EXPECT_EQ(record.effect, Effect::kRead);
  EXPECT_EQ(record.object, "box");
  EXPECT_TRUE(record.status.ok());
}

TEST_F(ServerStreamTest, ADrainEndsItAfterALastMessage) {
  hold_ = true;
  Start();
  grpc::ClientContext context;
  const auto reader = Call(context);
  fake::WatchResponse message;
  ASSERT_TRUE(reader->Read(&message));
  ASSERT_TRUE(reader->Read(&message));
  BeginDrain();
  EXPECT_THAT(ReadAll(*reader), ElementsAre("going down"));
  EXPECT_EQ(ReasonOf(reader->Finish()), "SHUTTING_DOWN");
  EXPECT_EQ(ErrorReason(records_.Take().status), "SHUTTING_DOWN");
}

TEST_F(ServerStreamTest, ADrainRejectsNewOnes) {
  Start();
  BeginDrain();
  grpc::ClientContext context;
  EXPECT_EQ(ReasonOf(Call(context)->Finish()), "SHUTTING_DOWN");
  EXPECT_EQ(handled_, 0);
}

TEST_F(ServerStreamTest, ADeniedOneReachesNoHandler) {
  access_ = DenyAll();
  Start();
  grpc::ClientContext context;
  EXPECT_EQ(ReasonOf(Call(context)->Finish()), "DENIED");
  EXPECT_EQ(handled_, 0);
  EXPECT_EQ(records_.Take().object, "box");
}

TEST_F(ServerStreamTest, TheGateRejectsIt) {
  limits_.calls = 0;
  limits_.few = 0;
  Start();
  grpc::ClientContext context;
  EXPECT_EQ(ReasonOf(Call(context)->Finish()), "TOO_MANY_CALLS");
  EXPECT_EQ(ErrorReason(records_.Take().status), "TOO_MANY_CALLS");
}

TEST_F(ServerStreamTest, BytesThatAreNoRequestAreRejected) {
  access_ = DenyAll();
  Start();
  EXPECT_EQ(ReasonOf(CallRaw("Watch", "\x0a\xff")), "UNPARSABLE_REQUEST");
  EXPECT_EQ(handled_, 0);
}

TEST_F(ServerStreamTest, AClientThatLeavesCancelsIt) {
  hold_ = true;
  Start();
  grpc::ClientContext context;
  const auto reader = Call(context);
  fake::WatchResponse message;
  ASSERT_TRUE(reader->Read(&message));
  context.TryCancel();
  EXPECT_EQ(reader->Finish().error_code(), grpc::StatusCode::CANCELLED);
  EXPECT_EQ(records_.Take().status.code(), absl::StatusCode::kCancelled);
}

// ---- from the client

class ClientStreamTest : public RpcTest {
 protected:
  ClientStreamTest() {
    handlers_.upload = [this](CallContext context, StreamReader<fake::UploadRequest>* reader) {
      return Upload(std::move(context), reader);
    };
  }

  // Joins all messages, up to one that says "enough".
  Task<absl::StatusOr<fake::UploadResponse>> Upload(CallContext context, StreamReader<fake::UploadRequest>* reader) {
    ++handled_;
    fake::UploadResponse response;
    while (true) {
      absl::StatusOr<std::optional<fake::UploadRequest>> message = co_await reader->Read(context);
      if (!message.ok()) co_return message.status();
      if (!message->has_value() || (*message)->text() == "enough") co_return response;
      response.set_text(response.text() + (*message)->text());
      ++received_;
    }
  }
  void WaitForMessages(int count) const {
    while (received_ < count) std::this_thread::yield();
  }

  static fake::UploadRequest Message(const std::string& text) {
    fake::UploadRequest message;
    message.set_text(text);
    return message;
  }

  std::atomic<int> handled_ = 0;
  std::atomic<int> received_ = 0;
  fake::UploadResponse response_;
};

TEST_F(ClientStreamTest, AllMessagesArriveInOrder) {
  Start();
  grpc::ClientContext context;
  const auto writer = stub_->Upload(&context, &response_);
  for (const char* text : {"a", "b", "c"}) ASSERT_TRUE(writer->Write(Message(text)));
  writer->WritesDone();
  EXPECT_TRUE(writer->Finish().ok());
  EXPECT_EQ(response_.text(), "abc");
  const KeptRecord record = records_.Take();
  EXPECT_EQ(record.method, "daytonad.fake.FakeService/Upload");
  EXPECT_EQ(record.effect, Effect::kMutation);
  EXPECT_EQ(record.object, "");
  EXPECT_TRUE(record.status.ok());
}

TEST_F(ClientStreamTest, TheHandlerMayAnswerBeforeTheLastMessage) {
  Start();
  grpc::ClientContext context;
  const auto writer = stub_->Upload(&context, &response_);
  ASSERT_TRUE(writer->Write(Message("a")));
  ASSERT_TRUE(writer->Write(Message("enough")));
  EXPECT_TRUE(writer->Finish().ok());
  EXPECT_EQ(response_.text(), "a");
}

TEST_F(ClientStreamTest, ADrainLetsItFinish) {
  Start();
  grpc::ClientContext context;
  const auto writer = stub_->Upload(&context, &response_);
  ASSERT_TRUE(writer->Write(Message("a")));
  WaitForMessages(1);
  BeginDrain();
  ASSERT_TRUE(writer->Write(Message("b")));
  writer->WritesDone();
  EXPECT_TRUE(writer->Finish().ok());
  EXPECT_EQ(response_.text(), "ab");
}

TEST_F(ClientStreamTest, ADrainRejectsNewOnes) {
  Start();
  BeginDrain();
  grpc::ClientContext context;
  EXPECT_EQ(ReasonOf(stub_->Upload(&context, &response_)->Finish()), "SHUTTING_DOWN");
  EXPECT_EQ(handled_, 0);
}

TEST_F(ClientStreamTest, ADeniedOneReachesNoHandler) {
  access_ = DenyAll();
  Start();
  grpc::ClientContext context;
  EXPECT_EQ(ReasonOf(stub_->Upload(&context, &response_)->Finish()), "DENIED");
  EXPECT_EQ(handled_, 0);
  EXPECT_EQ(ErrorReason(records_.Take().status), "DENIED");
}

TEST_F(ClientStreamTest, TheGateRejectsIt) {
  limits_.calls = 0;
  limits_.few = 0;
  Start();
  grpc::ClientContext context;
  EXPECT_EQ(ReasonOf(stub_->Upload(&context, &response_)->Finish()), "TOO_MANY_CALLS");
}

TEST_F(ClientStreamTest, BytesThatAreNoMessageAreAnErrorOfTheRead) {
  Start();
  EXPECT_EQ(ReasonOf(CallRaw("Upload", "\x0a\xff")), "UNPARSABLE_REQUEST");
  EXPECT_EQ(handled_, 1);
}

TEST_F(ClientStreamTest, AClientThatLeavesIsNotOneThatHasSentAll) {
  Start();
  grpc::ClientContext context;
  const auto writer = stub_->Upload(&context, &response_);
  ASSERT_TRUE(writer->Write(Message("a")));
  WaitForMessages(1);
  context.TryCancel();
  EXPECT_EQ(writer->Finish().error_code(), grpc::StatusCode::CANCELLED);
  EXPECT_EQ(records_.Take().status.code(), absl::StatusCode::kCancelled);
}

// ---- both ways

class BidiStreamTest : public RpcTest {
 protected:
  using Stream = grpc::ClientReaderWriter<fake::ChatRequest, fake::ChatResponse>;

  BidiStreamTest() {
    handlers_.chat = [this](CallContext context, StreamReader<fake::ChatRequest>* reader,
                            StreamWriter<fake::ChatResponse>* writer) {
      return Chat(std::move(context), reader, writer);
    };
  }

  // Answers each message; "bye" ends it.
  Task<absl::Status> Chat(CallContext context, StreamReader<fake::ChatRequest>* reader,
                          StreamWriter<fake::ChatResponse>* writer) {
    ++handled_;
    while (true) {
      absl::StatusOr<std::optional<fake::ChatRequest>> message = co_await reader->Read(context);
      if (!message.ok()) co_return message.status();
      if (!message->has_value() || (*message)->text() == "bye") co_return absl::OkStatus();
      fake::ChatResponse answer;
      answer.set_text("re: " + (*message)->text());
      absl::Status written = co_await writer->Write(std::move(answer));
      if (!written.ok()) co_return written;
    }
  }

  // Writes two messages while it waits for one.
  Task<absl::Status> Greet(CallContext context, StreamReader<fake::ChatRequest>* reader,
                           StreamWriter<fake::ChatResponse>* writer) {
    Event read;
    Spawn(loop_.executor(), ReadOne(context, reader, &read));
    for (const char* text : {"first", "second"}) {
      fake::ChatResponse message;
      message.set_text(text);
      absl::Status written = co_await writer->Write(std::move(message));
      if (!written.ok()) co_return written;
    }
    co_return co_await read.Wait(clock_, context);
  }
  static Task<void> ReadOne(CallContext context, StreamReader<fake::ChatRequest>* reader, Event* read) {
    (void)co_await reader->Read(context);
    read->Fire();
  }

  static std::string Ask(Stream& stream, const std::string& text) {
    fake::ChatRequest message;
    message.set_text(text);
    fake::ChatResponse answer;
    if (!stream.Write(message) || !stream.Read(&answer)) return "(ended)";
    return answer.text();
  }

  std::atomic<int> handled_ = 0;
};

TEST_F(BidiStreamTest, BothSidesTakeTurns) {
  Start();
  grpc::ClientContext context;
  const auto stream = stub_->Chat(&context);
  EXPECT_EQ(Ask(*stream, "a"), "re: a");
  EXPECT_EQ(Ask(*stream, "b"), "re: b");
  stream->WritesDone();
  fake::ChatResponse answer;
  EXPECT_FALSE(stream->Read(&answer));
  EXPECT_TRUE(stream->Finish().ok());
  const KeptRecord record = records_.Take();
  EXPECT_EQ(record.method, "daytonad.fake.FakeService/Chat");
  EXPECT_EQ(record.effect, Effect::kMutation);
  EXPECT_TRUE(record.status.ok());
}

TEST_F(BidiStreamTest, TheHandlerMayEndItWhileTheClientCouldSendMore) {
  Start();
  grpc::ClientContext context;
  const auto stream = stub_->Chat(&context);
  EXPECT_EQ(Ask(*stream, "a"), "re: a");
  EXPECT_EQ(Ask(*stream, "bye"), "(ended)");
  EXPECT_TRUE(stream->Finish().ok());
}

TEST_F(BidiStreamTest, ItWritesWhileAReadWaits) {
  handlers_.chat = [this](CallContext context, StreamReader<fake::ChatRequest>* reader,
                          StreamWriter<fake::ChatResponse>* writer) {
    return Greet(std::move(context), reader, writer);
  };
  Start();
  grpc::ClientContext context;
  const auto stream = stub_->Chat(&context);
  fake::ChatResponse message;
  ASSERT_TRUE(stream->Read(&message));
  EXPECT_EQ(message.text(), "first");
  ASSERT_TRUE(stream->Read(&message));
  EXPECT_EQ(message.text(), "second");
  ASSERT_TRUE(stream->Write({}));
  EXPECT_TRUE(stream->Finish().ok());
}

TEST_F(BidiStreamTest, ADrainEndsIt) {
  Start();
  grpc::ClientContext context;
  const auto stream = stub_->Chat(&context);
  EXPECT_EQ(Ask(*stream, "a"), "re: a");
  BeginDrain();
  fake::ChatResponse answer;
  EXPECT_FALSE(stream->Read(&answer));
  EXPECT_EQ(ReasonOf(stream->Finish()), "SHUTTING_DOWN");
  EXPECT_EQ(ErrorReason(records_.Take().status), "SHUTTING_DOWN");
}

TEST_F(BidiStreamTest, ADrainRejectsNewOnes) {
  Start();
  BeginDrain();
  grpc::ClientContext context;
  EXPECT_EQ(ReasonOf(stub_->Chat(&context)->Finish()), "SHUTTING_DOWN");
  EXPECT_EQ(handled_, 0);
}

TEST_F(BidiStreamTest, ADeniedOneReachesNoHandler) {
  access_ = DenyAll();
  Start();
  grpc::ClientContext context;
  EXPECT_EQ(ReasonOf(stub_->Chat(&context)->Finish()), "DENIED");
  EXPECT_EQ(handled_, 0);
}

TEST_F(BidiStreamTest, TheGateRejectsIt) {
  limits_.calls = 0;
  limits_.few = 0;
  Start();
  grpc::ClientContext context;
  EXPECT_EQ(ReasonOf(stub_->Chat(&context)->Finish()), "TOO_MANY_CALLS");
  EXPECT_EQ(ErrorReason(records_.Take().status), "TOO_MANY_CALLS");
}

TEST_F(BidiStreamTest, BytesThatAreNoMessageAreAnErrorOfTheRead) {
  Start();
  EXPECT_EQ(ReasonOf(CallRaw("Chat", "\x0a\xff")), "UNPARSABLE_REQUEST");
  EXPECT_EQ(handled_, 1);
}

TEST_F(BidiStreamTest, AClientThatLeavesCancelsIt) {
  Start();
  grpc::ClientContext context;
  const auto stream = stub_->Chat(&context);
  EXPECT_EQ(Ask(*stream, "a"), "re: a");
  context.TryCancel();
  EXPECT_EQ(stream->Finish().error_code(), grpc::StatusCode::CANCELLED);
  EXPECT_EQ(records_.Take().status.code(), absl::StatusCode::kCancelled);
}

}  // namespace
}  // namespace daytonad
