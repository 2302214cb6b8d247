#include "daemon/server/reflection.h"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/descriptor.pb.h>
#include <grpcpp/server_context.h>
#include <grpcpp/support/server_callback.h>
#include <grpcpp/support/status.h>

#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "grpc/health/v1/health.pb.h"
#include "grpc/reflection/v1/reflection.grpc.pb.h"
#include "grpc/reflection/v1alpha/reflection.grpc.pb.h"

namespace daytonad {
namespace {

namespace v1 = grpc::reflection::v1;
namespace v1alpha = grpc::reflection::v1alpha;
using google::protobuf::Descriptor;
using google::protobuf::DescriptorPool;
using google::protobuf::FieldDescriptor;
using google::protobuf::FileDescriptor;

// Adds a file and its imports, each once; a file comes before what it imports.
void AddFile(const FileDescriptor* file, std::set<const FileDescriptor*>& seen,
             google::protobuf::RepeatedPtrField<std::string>& out) {
  if (!seen.insert(file).second) return;
  google::protobuf::FileDescriptorProto proto;
  file->CopyTo(&proto);
  *out.Add() = proto.SerializeAsString();
  for (int i = 0; i < file->dependency_count(); ++i) AddFile(file->dependency(i), seen, out);
}

// Answers requests of both versions, whose messages differ only in their package.
template <typename Request, typename Response>
class Answerer {
 public:
  explicit Answerer(std::vector<std::string> service_names) : service_names_(std::move(service_names)) {}

  Response Answer(const Request& request) const {
    Response response;
    response.set_valid_host(request.host());
    *response.mutable_original_request() = request;
    switch (request.message_request_case()) {
      case Request::kFileByFilename:
        FillFile(pool_.FindFileByName(request.file_by_filename()), request.file_by_filename(), response);
        break;
      case Request::kFileContainingSymbol:
        FillFile(pool_.FindFileContainingSymbol(request.file_containing_symbol()), request.file_containing_symbol(),
                 response);
        break;
      case Request::kFileContainingExtension:
        FillFileOfExtension(request.file_containing_extension().containing_type(),
                            request.file_containing_extension().extension_number(), response);
        break;
      case Request::kAllExtensionNumbersOfType:
        FillExtensionNumbers(request.all_extension_numbers_of_type(), response);
        break;
      case Request::kListServices:
        for (const std::string& name : service_names_) {
          response.mutable_list_services_response()->add_service()->set_name(name);
        }
        break;
      case Request::MESSAGE_REQUEST_NOT_SET:
        SetError(grpc::StatusCode::INVALID_ARGUMENT, "the request asks nothing", response);
        break;
    }
    return response;
  }

 private:
  static void SetError(grpc::StatusCode code, const std::string& message, Response& response) {
    response.mutable_error_response()->set_error_code(code);
    response.mutable_error_response()->set_error_message(message);
  }

  static void FillFile(const FileDescriptor* file, const std::string& asked_for, Response& response) {
    if (file == nullptr) {
      SetError(grpc::StatusCode::NOT_FOUND, absl::StrCat("\"", asked_for, "\" is not known here"), response);
      return;
    }
    std::set<const FileDescriptor*> seen;
    AddFile(file, seen, *response.mutable_file_descriptor_response()->mutable_file_descriptor_proto());
  }

  void FillFileOfExtension(const std::string& type_name, int number, Response& response) const {
    const Descriptor* const type = pool_.FindMessageTypeByName(type_name);
    const FieldDescriptor* const extension = type == nullptr ? nullptr : pool_.FindExtensionByNumber(type, number);
    FillFile(extension == nullptr ? nullptr : extension->file(), absl::StrCat("extension ", number, " of ", type_name),
             response);
  }

  void FillExtensionNumbers(const std::string& type_name, Response& response) const {
    const Descriptor* const type = pool_.FindMessageTypeByName(type_name);
    if (type == nullptr) {
      SetError(grpc::StatusCode::NOT_FOUND, absl::StrCat("\"", type_name, "\" is not known here"), response);
      return;
    }
    auto& answer = *response.mutable_all_extension_numbers_response();
    answer.set_base_type_name(type_name);
    std::vector<const FieldDescriptor*> extensions;
    pool_.FindAllExtensions(type, &extensions);
    for (const FieldDescriptor* extension : extensions) answer.add_extension_number(extension->number());
  }

  const std::vector<std::string> service_names_;
  const DescriptorPool& pool_ = *DescriptorPool::generated_pool();
};

// One client's stream: reads a request, writes its answer, until the client ends the stream.
template <typename Request, typename Response>
class ReflectionStream final : public grpc::ServerBidiReactor<Request, Response> {
 public:
  explicit ReflectionStream(const Answerer<Request, Response>& answerer) : answerer_(answerer) {
    this->StartRead(&request_);
  }

  void OnReadDone(bool ok) override {
    if (!ok) {
      this->Finish(grpc::Status::OK);
      return;
    }
    response_ = answerer_.Answer(request_);
    this->StartWrite(&response_);
  }
  void OnWriteDone(bool ok) override {
    if (ok) {
      this->StartRead(&request_);
    } else {
      this->Finish(grpc::Status::CANCELLED);
    }
  }
  void OnDone() override { delete this; }

 private:
  const Answerer<Request, Response>& answerer_;
  Request request_;
  Response response_;
};

template <typename Generated, typename Request, typename Response>
class ReflectionService final : public Generated::CallbackService {
 public:
  explicit ReflectionService(std::vector<std::string> service_names) : answerer_(std::move(service_names)) {}

  grpc::ServerBidiReactor<Request, Response>* ServerReflectionInfo(grpc::CallbackServerContext*) override {
    return new ReflectionStream<Request, Response>(answerer_);
  }

 private:
  Answerer<Request, Response> answerer_;
};

}  // namespace

std::vector<std::unique_ptr<grpc::Service>> MakeReflectionServices(const std::vector<std::string>& service_names) {
  std::vector<std::string> names = service_names;
  // A reference to the file's descriptor, so that the linker keeps the file: gRPC itself has the service.
  names.push_back(grpc::health::v1::HealthCheckRequest::descriptor()->file()->service(0)->full_name());
  names.emplace_back(v1::ServerReflection::service_full_name());
  names.emplace_back(v1alpha::ServerReflection::service_full_name());

  std::vector<std::unique_ptr<grpc::Service>> services;
  services.push_back(
      std::make_unique<
          ReflectionService<v1::ServerReflection, v1::ServerReflectionRequest, v1::ServerReflectionResponse>>(names));
  services.push_back(std::make_unique<ReflectionService<v1alpha::ServerReflection, v1alpha::ServerReflectionRequest,
                                                        v1alpha::ServerReflectionResponse>>(names));
  return services;
}

}  // namespace daytonad
