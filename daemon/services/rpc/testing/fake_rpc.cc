#include "daemon/services/rpc/testing/fake_rpc.h"

#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/server_builder.h>

#include <future>
#include <thread>
#include <utility>

#include "daemon/services/rpc/table_service.h"
#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"

namespace daytonad {

void FakeCallRecords::Write(const CallRecord& record) {
  const std::lock_guard lock(mutex_);
  records_.push_back(KeptRecord{.method = std::string(record.method),
                                .effect = record.effect,
                                .caller = record.caller,
                                .object = std::string(record.object),
                                .status = record.status,
                                .duration = record.duration,
                                .read_source = record.read_source,
                                .upstream_attempts = record.upstream_attempts,
                                .call_id = std::string(record.call_id),
                                .request_id = std::string(record.request_id)});
  written_.notify_all();
}

KeptRecord FakeCallRecords::Take() {
  std::unique_lock lock(mutex_);
  written_.wait(lock, [this] { return !records_.empty(); });
  KeptRecord record = std::move(records_.front());
  records_.erase(records_.begin());
  return record;
}

bool FakeCallRecords::empty() {
  const std::lock_guard lock(mutex_);
  return records_.empty();
}

const ServiceTable<FakeHandlers>& FakeServiceTable() {
  using H = FakeHandlers;
  static const auto* const kTable = new ServiceTable<H>{
      .service = fake::FakeService::service_full_name(),
      .rows = {
          CachedUnary("Get", Effect::kRead, "thing", &H::Get, &H::FindCached, fake::GetResponse::kThingFieldNumber)
              .MutatesIf("create_if_missing"),
          Unary("Change", Effect::kMutation, "spec.name", &H::Change),
          ServerStream("Watch", Effect::kRead, "target", &H::Watch),
          ClientStream("Upload", Effect::kMutation, &H::Upload),
          BidiStream("Chat", Effect::kMutation, &H::Chat),
      }};
  return *kTable;
}

void RpcTest::Start() {
  gate_.emplace(limits_);
  runtime_.emplace(RpcRuntime{.executor = loop_.executor(),
                              .clock = clock_,
                              .calls = calls_,
                              .gate = *gate_,
                              .answers = answers_,
                              .records = records_,
                              .access = access_,
                              .max_wait = max_wait_});
  const auto find = [this](std::string_view backend) { return backend == backend_ ? &handlers_ : nullptr; };
  absl::StatusOr<std::unique_ptr<grpc::Service>> service =
      TableService<FakeHandlers>::Make(FakeServiceTable(), *runtime_, listener_, find);
  ASSERT_TRUE(service.ok()) << service.status();
  service_ = *std::move(service);
  grpc::ServerBuilder builder;
  builder.RegisterService(service_.get());
  server_ = builder.BuildAndStart();
  ASSERT_NE(server_, nullptr);
  channel_ = server_->InProcessChannel(grpc::ChannelArguments());
  stub_ = fake::FakeService::NewStub(channel_);
}

void RpcTest::TearDown() {
  if (server_ != nullptr) server_->Shutdown(std::chrono::system_clock::now());
  loop_.Stop();
}

void RpcTest::OnLoop(const std::function<void()>& fn) {
  std::promise<void> done;
  loop_.Post([&] {
    fn();
    done.set_value();
  });
  done.get_future().wait();
}

void RpcTest::BeginDrain() {
  OnLoop([this] { calls_.BeginDrain(); });
}

void RpcTest::WaitForCalls(size_t count) {
  size_t size = 0;
  do {
    OnLoop([&] { size = calls_.size(); });
  } while (size < count);
}

grpc::Status RpcTest::CallRaw(const std::string& method, const std::string& bytes) {
  const grpc::Slice slice(bytes);
  const grpc::ByteBuffer request(&slice, 1);
  grpc::ByteBuffer response;
  grpc::ClientContext context;
  grpc::GenericStub stub(channel_);
  std::promise<grpc::Status> ended;
  stub.UnaryCall(&context, "/" + FakeServiceTable().service + "/" + method, grpc::StubOptions(), &request, &response,
                 [&](grpc::Status status) { ended.set_value(std::move(status)); });
  return ended.get_future().get();
}

std::string RpcTest::ReasonOf(const grpc::Status& status) {
  google::rpc::Status details;
  details.ParseFromString(status.error_details());
  for (const auto& detail : details.details()) {
    google::rpc::ErrorInfo info;
    if (detail.UnpackTo(&info)) return info.reason();
  }
  return "";
}

}  // namespace daytonad
