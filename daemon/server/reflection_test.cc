#include "daemon/server/reflection.h"

#include <gmock/gmock.h>
#include <google/protobuf/descriptor.h>
#include <google/protobuf/descriptor.pb.h>
#include <google/protobuf/descriptor_database.h>
#include <grpcpp/create_channel.h>
#include <grpcpp/security/credentials.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "daemon/server/listener.h"
#include "daemon/server/testing/temp_directory.h"
#include "daytonad/v1/volume_service.grpc.pb.h"
#include "grpc/reflection/v1/reflection.grpc.pb.h"
#include "grpc/reflection/v1alpha/reflection.grpc.pb.h"

namespace daytonad {
namespace {

using ::testing::HasSubstr;
using ::testing::UnorderedElementsAre;

// Both versions, by their generated types.
struct V1 {
  using Service = grpc::reflection::v1::ServerReflection;
  using Request = grpc::reflection::v1::ServerReflectionRequest;
  using Response = grpc::reflection::v1::ServerReflectionResponse;
};
struct V1Alpha {
  using Service = grpc::reflection::v1alpha::ServerReflection;
  using Request = grpc::reflection::v1alpha::ServerReflectionRequest;
  using Response = grpc::reflection::v1alpha::ServerReflectionResponse;
};

// By way of its descriptor, so that the linker keeps the file.
const std::string& VolumeServiceName() { return v1::GetVolumeRequest::descriptor()->file()->service(0)->full_name(); }

template <typename Version>
class ReflectionTest : public ::testing::Test {
 protected:
  using Request = typename Version::Request;
  using Response = typename Version::Response;

  ReflectionTest() {
    ListenerOptions options;
    options.address = *ParseListenAddress("unix:" + directory_.File("d.sock"));
    listener_ = *Listener::Start(options, MakeReflectionServices({VolumeServiceName()}));
    stub_ =
        Version::Service::NewStub(grpc::CreateChannel(listener_->bound_address(), grpc::InsecureChannelCredentials()));
  }

  // Asks all questions on one stream.
  std::vector<Response> Ask(const std::vector<Request>& requests) {
    grpc::ClientContext context;
    const auto stream = stub_->ServerReflectionInfo(&context);
    std::vector<Response> responses(requests.size());
    for (size_t i = 0; i < requests.size(); ++i) {
      EXPECT_TRUE(stream->Write(requests[i]));
      EXPECT_TRUE(stream->Read(&responses[i]));
    }
    stream->WritesDone();
    EXPECT_TRUE(stream->Finish().ok());
    return responses;
  }
  Response Ask(const Request& request) { return Ask(std::vector<Request>{request}).at(0); }

  TempDirectory directory_;
  std::unique_ptr<Listener> listener_;
  std::unique_ptr<typename Version::Service::Stub> stub_;
};
using Versions = ::testing::Types<V1, V1Alpha>;
TYPED_TEST_SUITE(ReflectionTest, Versions);

TYPED_TEST(ReflectionTest, ListsTheServicesHealthAndItself) {
  typename TypeParam::Request request;
  request.set_host("here");
  request.set_list_services("");
  const auto response = this->Ask(request);
  EXPECT_EQ(response.valid_host(), "here");
  EXPECT_EQ(response.original_request().message_request_case(), request.message_request_case());
  std::vector<std::string> names;
  for (const auto& service : response.list_services_response().service()) names.push_back(service.name());
  EXPECT_THAT(names,
              UnorderedElementsAre("daytonad.v1.VolumeService", "grpc.health.v1.Health",
                                   "grpc.reflection.v1.ServerReflection", "grpc.reflection.v1alpha.ServerReflection"));
}

// What a tool does: take the files, build a pool of its own of them, and find the types there.
TYPED_TEST(ReflectionTest, GivesFilesFromWhichAToolCanBuildEveryType) {
  for (const std::string symbol :
       {"daytonad.v1.VolumeService", "daytonad.v1.VolumeService.GetVolume", "daytonad.v1.Volume",
        "grpc.health.v1.Health", "grpc.reflection.v1.ServerReflection"}) {
    typename TypeParam::Request request;
    request.set_file_containing_symbol(symbol);
    const auto response = this->Ask(request);
    ASSERT_TRUE(response.has_file_descriptor_response()) << symbol;
    google::protobuf::SimpleDescriptorDatabase database;
    for (const std::string& bytes : response.file_descriptor_response().file_descriptor_proto()) {
      google::protobuf::FileDescriptorProto file;
      ASSERT_TRUE(file.ParseFromString(bytes));
      ASSERT_TRUE(database.Add(file)) << file.name() << " came twice";
    }
    const google::protobuf::DescriptorPool pool(&database);
    EXPECT_NE(pool.FindFileContainingSymbol(symbol), nullptr) << symbol;
  }
}

TYPED_TEST(ReflectionTest, AnswersByFileNameAndGoesOnAfterAnUnknownOne) {
  typename TypeParam::Request unknown;
  unknown.set_file_by_filename("no/such.proto");
  typename TypeParam::Request known;
  known.set_file_by_filename("daytonad/v1/volume.proto");
  typename TypeParam::Request nothing;
  const auto responses = this->Ask(std::vector<typename TypeParam::Request>{unknown, nothing, known});
  EXPECT_EQ(responses[0].error_response().error_code(), grpc::StatusCode::NOT_FOUND);
  EXPECT_THAT(responses[0].error_response().error_message(), HasSubstr("no/such.proto"));
  EXPECT_EQ(responses[1].error_response().error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_TRUE(responses[2].has_file_descriptor_response());
}

TYPED_TEST(ReflectionTest, KnowsThatThereAreNoExtensions) {
  typename TypeParam::Request numbers;
  numbers.set_all_extension_numbers_of_type("daytonad.v1.Volume");
  typename TypeParam::Request unknown_type;
  unknown_type.set_all_extension_numbers_of_type("no.Type");
  typename TypeParam::Request extension;
  extension.mutable_file_containing_extension()->set_containing_type("daytonad.v1.Volume");
  extension.mutable_file_containing_extension()->set_extension_number(1);
  const auto responses = this->Ask(std::vector<typename TypeParam::Request>{numbers, unknown_type, extension});
  EXPECT_EQ(responses[0].all_extension_numbers_response().base_type_name(), "daytonad.v1.Volume");
  EXPECT_EQ(responses[0].all_extension_numbers_response().extension_number_size(), 0);
  EXPECT_EQ(responses[1].error_response().error_code(), grpc::StatusCode::NOT_FOUND);
  EXPECT_EQ(responses[2].error_response().error_code(), grpc::StatusCode::NOT_FOUND);
}

}  // namespace
}  // namespace daytonad
