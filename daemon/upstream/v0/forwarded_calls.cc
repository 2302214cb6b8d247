#include <memory>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "daemon/base/absl_view.h"
#include "daemon/base/error.h"
#include "daemon/net/url.h"
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

absl::StatusOr<std::string> ReadToolboxUrl(const Json& json) {
  std::string url = JsonFields(json).String("url");
  if (url.empty()) return ForeignResponse("it has no `url`");
  return url;
}

absl::Status UntrustedToolbox(const std::string& url, const std::string& sandbox_id) {
  const absl::StatusOr<Origin> origin = Origin::Of(url);
  if (!origin.ok()) return MalformedResponse("the URL of the sandbox's toolbox is invalid");
  const std::string name = origin->ToString();
  return MakeError(absl::StatusCode::kFailedPrecondition, "UNTRUSTED_ORIGIN",
                   absl::StrCat("The sandbox is reached through ", name, ", where the daemon may not send its ",
                                "credential. If that host belongs to your Daytona, start the daemon with ",
                                "--trusted-origin ", name, "."),
                   {{"sandbox_id", sandbox_id}});
}

}  // namespace

// Read for each call, since a sandbox may move to another machine; the answer is revalidated by its ETag.
Task<absl::StatusOr<std::string>> RestApi::ToolboxOf(CallContext context, std::string id_or_name) {
  const absl::StatusOr<v1::Sandbox> sandbox = co_await Run(context, GetSandbox(std::move(id_or_name)));
  if (!sandbox.ok()) co_return sandbox.status();
  std::string url = sandbox->toolbox_proxy_url();
  if (url.empty()) {  // an old server
    RestRequest request(HttpMethod::kGet, Idempotency::kRead, {"sandbox", sandbox->id(), "toolbox-proxy-url"});
    request.About(Subject::kSandbox, sandbox->id());
    absl::StatusOr<std::string> told = co_await client_.Fetch(context, std::move(request), ReadToolboxUrl);
    if (!told.ok()) co_return told.status();
    url = *std::move(told);
  }
  if (!client_.Trusts(url)) co_return UntrustedToolbox(url, sandbox->id());
  co_return absl::StrCat(url, "/", sandbox->id());
}

Task<ForwardedCall::Result> RestApi::Run(CallContext context, ForwardedCall call) {
  const Binding* const binding = FindBinding(call.request());
  if (binding == nullptr) co_return Unbound(call);
  co_return co_await RunBound(std::move(context), *binding, std::move(call));
}

Task<ForwardedCall::Result> RestApi::RunBound(CallContext context, const Binding& binding, ForwardedCall call) {
  const std::string object = call.info().key;
  RestRequest request = MakeBoundRequest(binding, call.request(), object);
  if (binding.base == RestBase::kToolbox) {
    absl::StatusOr<std::string> toolbox = co_await ToolboxOf(context, object);
    if (!toolbox.ok()) co_return toolbox.status();
    request.Below(*std::move(toolbox));
  }
  ForwardedCall::Result response = call.NewResponse();
  if ((*response)->GetDescriptor()->field_count() == 0) {
    absl::Status done = co_await client_.Call(context, std::move(request));
    if (!done.ok()) response = std::move(done);
  } else {
    RestClient::Reader<std::shared_ptr<Message>> read = [&call, &binding](const Json& json) -> ForwardedCall::Result {
      std::shared_ptr<Message> message = call.NewResponse();
      absl::Status status = ReadBoundAnswer(binding, json, *message);
      if (!status.ok()) return status;
      return message;
    };
    response = co_await client_.FetchAs<std::shared_ptr<Message>>(context, std::move(request), std::move(read));
  }
  if (!response.ok()) co_return co_await Confirmed(context, binding.subject, object, response.status());
  co_return response;
}

}  // namespace daytonad
