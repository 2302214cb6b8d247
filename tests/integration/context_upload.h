#ifndef DAYTONAD_TESTS_INTEGRATION_CONTEXT_UPLOAD_H_
#define DAYTONAD_TESTS_INTEGRATION_CONTEXT_UPLOAD_H_

#include <grpcpp/client_context.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "absl/strings/str_cat.h"
#include "client/cpp/client.h"
#include "daemon/operations/build_context/context_hash.h"
#include "daemon/operations/build_context/testing/tar_bytes.h"

// Helpers of a client of UploadBuildContext.
namespace daytonad::testing {

// An upload that a test makes step by step.
struct UploadCall {
  explicit UploadCall(v1::BuildService::Stub& stub, std::chrono::seconds limit = std::chrono::seconds(100)) {
    context.set_deadline(std::chrono::system_clock::now() + limit);
    writer = stub.UploadBuildContext(&context, &response);
  }

  bool SendHeader(const v1::BuildContextHeader& header) const {
    v1::UploadBuildContextRequest request;
    *request.mutable_header() = header;
    return writer->Write(request);
  }
  bool Send(std::string data) const {
    v1::UploadBuildContextRequest request;
    request.set_data(std::move(data));
    return writer->Write(request);
  }
  client::Result<v1::UploadBuildContextResponse> Finish() const {
    client::Result<v1::UploadBuildContextResponse> result;
    const grpc::Status status = writer->Finish();
    if (status.ok()) {
      result.value = response;
    } else {
      result.error = client::ErrorFrom(status);
    }
    return result;
  }

  grpc::ClientContext context;
  v1::UploadBuildContextResponse response;
  std::unique_ptr<grpc::ClientWriter<v1::UploadBuildContextRequest>> writer;
};

inline v1::BuildContextHeader UploadHeader(const std::string& archive_path, const std::string& hash = "",
                                           int64_t size = 0) {
  v1::BuildContextHeader header;
  header.set_archive_path(archive_path);
  header.set_context_hash(hash);
  header.set_size(size);
  return header;
}

// Sends all of it in messages of this size, until the daemon stops reading.
inline client::Result<v1::UploadBuildContextResponse> UploadTar(
    v1::BuildService::Stub& stub, const v1::BuildContextHeader& header, std::string_view tar, size_t piece = 1 << 20,
    std::chrono::seconds limit = std::chrono::seconds(100)) {
  UploadCall call(stub, limit);
  bool going = call.SendHeader(header);
  for (; going && !tar.empty(); tar.remove_prefix(std::min(piece, tar.size()))) {
    going = call.Send(std::string(tar.substr(0, piece)));
  }
  call.writer->WritesDone();
  return call.Finish();
}

// The hash of a context that is one file, as FileTar() packs it.
inline std::string HashOfFile(const std::string& archive_path, const std::string& content) {
  ContextEntry entry;
  entry.mode = 0640;
  entry.size = static_cast<int64_t>(content.size());
  TreeHash hash(archive_path);
  (void)hash.OnEntry(entry);
  (void)hash.OnData(content);
  return hash.Finish();
}

inline std::string FileTar(const std::string& archive_path, const std::string& content) {
  return TarFile(archive_path, content) + TarEnd();
}

// The size of the large contexts of the memory tests.
inline int64_t LargeContextBytes() {
  const char* const mebibytes = std::getenv("DAYTONAD_TEST_LARGE_CONTEXT_MIB");
  return int64_t{mebibytes == nullptr ? 1024 : std::atoi(mebibytes)} << 20;
}
// How much memory such a context may cost the daemon, whatever its size.
inline constexpr long kLargeContextKib = 32 * 1024;

}  // namespace daytonad::testing

#endif  // DAYTONAD_TESTS_INTEGRATION_CONTEXT_UPLOAD_H_
