#ifndef DAYTONAD_CLIENT_CPP_CONTEXT_UPLOAD_H_
#define DAYTONAD_CLIENT_CPP_CONTEXT_UPLOAD_H_

#include <cstdint>
#include <functional>

#include <grpcpp/client_context.h>

#include "client/cpp/client.h"
#include "client/cpp/context_pack.h"
#include "daytonad/v1/build_service.grpc.pb.h"

namespace daytonad::client {

// How many bytes of the tar were sent so far.
using UploadProgress = std::function<void(std::int64_t sent)>;

// Uploads a context that PackContext described, reading it a second time:
//
//   daytonad::client::ContextSource source{.path = "app", .archive_path = "app"};
//   auto packed = daytonad::client::PackContext(source);
//   if (!packed.ok()) ...;
//   grpc::ClientContext context;
//   auto uploaded = daytonad::client::UploadContext(client->builds(), source, packed->header, context);
//   if (uploaded.ok()) image.add_context_hashes(uploaded.value.context_hash());
//
// Stops reading and sending as soon as the daemon answers, as it does when Daytona has the context already. Returns the
// daemon's errors and those of PackContext, which have no reason; ABORTED if the files no longer match `header`.
Result<v1::UploadBuildContextResponse> UploadContext(v1::BuildService::Stub& stub, const ContextSource& source,
                                                     const v1::BuildContextHeader& header, grpc::ClientContext& context,
                                                     const UploadProgress& on_progress = {});

}  // namespace daytonad::client

#endif  // DAYTONAD_CLIENT_CPP_CONTEXT_UPLOAD_H_
