#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "daemon/base/absl_view.h"
#include "daemon/base/error.h"
#include "daemon/upstream/v0/bindings/binding.h"
#include "daemon/upstream/v0/bindings/bound_request.h"
#include "daemon/upstream/v0/rest_api.h"

namespace daytonad {
namespace {

using google::protobuf::Message;

absl::Status Unbound(const ForwardedCall& call) {
  return MakeError(absl::StatusCode::kUnimplemented, "NOT_SUPPORTED_BY_UPSTREAM",
                   absl::StrCat("This upstream has no request for ", AbslView(call.info().name), "."));
}

}  // namespace

Task<ForwardedCall::Result> RestApi::Run(CallContext context, ForwardedCall call) {
  const Binding* const binding = FindBinding(call.request());
  if (binding == nullptr) co_return Unbound(call);
  const std::string object = call.info().key;
  RestRequest request = MakeBoundRequest(*binding, call.request(), object);
  ForwardedCall::Result response = call.NewResponse();
  if ((*response)->GetDescriptor()->field_count() == 0) {
    absl::Status done = co_await client_.Call(context, std::move(request));
    if (!done.ok()) response = std::move(done);
  } else {
    RestClient::Reader<std::shared_ptr<Message>> read = [&call, binding](const Json& json) -> ForwardedCall::Result {
      std::shared_ptr<Message> message = call.NewResponse();
      absl::Status status = ReadBoundAnswer(*binding, json, *message);
      if (!status.ok()) return status;
      return message;
    };
    response = co_await client_.FetchAs<std::shared_ptr<Message>>(context, std::move(request), std::move(read));
  }
  if (!response.ok()) co_return co_await Confirmed(context, binding->subject, object, response.status());
  co_return response;
}

}  // namespace daytonad
