#include "daemon/operations/requests/forwarding.h"

#include <string_view>

#include "daemon/api/sandboxes.h"

namespace daytonad {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

// "SetSandboxLabels" of SetSandboxLabelsRequest. It lives as long as the program, as descriptors do.
std::string_view RpcOf(const Message& request) {
  constexpr std::string_view kSuffix = "Request";
  std::string_view name = request.GetDescriptor()->name();
  if (name.ends_with(kSuffix)) name.remove_suffix(kSuffix.size());
  return name;
}

// Copies a map of texts.
void CopyField(const Message& from, const FieldDescriptor& source, Message& to, const FieldDescriptor& target) {
  if (!source.is_map() || !target.is_map()) return;
  for (int i = 0; i < from.GetReflection()->FieldSize(from, &source); ++i) {
    const Message& entry = from.GetReflection()->GetRepeatedMessage(from, &source, i);
    // Both types of entry have the same two fields, so that the encoding of one is that of the other.
    (void)to.GetReflection()->AddMessage(&to, &target)->ParseFromString(entry.SerializeAsString());
  }
}

// Whether an earlier daemon carried out the mutation of this request id.
bool DoneEarlier(const CallContext& context) {
  const RequestKey* const key = context.request_key();
  return key != nullptr && key->earlier.has_value() && key->earlier->done;
}

}  // namespace

void FillFromSandbox(const v1::Sandbox& sandbox, Message& response) {
  for (int i = 0; i < response.GetDescriptor()->field_count(); ++i) {
    const FieldDescriptor* const field = response.GetDescriptor()->field(i);
    if (field->message_type() == v1::Sandbox::descriptor()) {
      response.GetReflection()->MutableMessage(&response, field)->CopyFrom(sandbox);
    } else if (const FieldDescriptor* same = v1::Sandbox::descriptor()->FindFieldByName(field->name())) {
      CopyField(sandbox, *same, response, *field);
    }
  }
}

Task<ForwardedCall::Result> ForwardingOperations::SendMessage(CallContext context, std::string id_or_name,
                                                              std::shared_ptr<const Message> request,
                                                              const Message& response) {
  // Sending it again would undo what others have changed since.
  if (DoneEarlier(context)) {
    const absl::StatusOr<v1::Sandbox> sandbox =
        co_await dependencies_.api.Run(std::move(context), GetSandbox(std::move(id_or_name)));
    if (!sandbox.ok()) co_return sandbox.status();
    std::shared_ptr<Message> now(response.New());
    FillFromSandbox(*sandbox, *now);
    co_return now;
  }
  const OperationInfo info(RpcOf(*request), ObjectKind::kSandbox, OperationRole::kMutate, std::move(id_or_name),
                           KeyForm::kIdOrName);
  co_return co_await dependencies_.api.Run(std::move(context), ForwardedCall(info, std::move(request), response));
}

}  // namespace daytonad
