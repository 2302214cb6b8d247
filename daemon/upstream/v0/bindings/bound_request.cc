#include "daemon/upstream/v0/bindings/bound_request.h"

#include <algorithm>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "daemon/base/absl_view.h"
#include "daemon/base/ids.h"

namespace daytonad {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

// Fields of requests that are for the daemon itself.
constexpr std::string_view kOwnFields[] = {"request_id", "timeout", "wait", "max_age"};

const FieldDescriptor& FieldOf(const Message& message, std::string_view name) {
  return *message.GetDescriptor()->FindFieldByName(std::string(name));  // binding_test.cc: it exists
}

// Null unless the segment is `{field}`.
const FieldDescriptor* FieldInPath(const Message& message, absl::string_view segment) {
  if (!absl::StartsWith(segment, "{")) return nullptr;
  return &FieldOf(message, StdView(segment.substr(1, segment.size() - 2)));
}

JsonForm FormOf(const Binding& binding, std::string_view field) {
  const auto mapping = std::ranges::find(binding.mappings, field, &FieldMapping::field);
  return mapping == binding.mappings.end() ? JsonForm::kUsual : mapping->form;
}

void AddQuery(const QueryBinding& query, JsonForm form, const Message& message, RestRequest& request) {
  const FieldDescriptor& field = FieldOf(message, query.field);
  if (!field.is_repeated()) {
    if (message.GetReflection()->HasField(message, &field)) {
      request.AddQuery(std::string(query.name), FieldText(message, field, form));
    }
    return;
  }
  for (int i = 0; i < message.GetReflection()->FieldSize(message, &field); ++i) {
    request.AddQuery(std::string(query.name), FieldText(message, field, form, i));
  }
}

}  // namespace

RestRequest MakeBoundRequest(const Binding& binding, const Message& message, const std::string& object) {
  std::vector<const FieldDescriptor*> sent;  // outside the body
  std::vector<std::string> segments;
  for (const absl::string_view segment : absl::StrSplit(AbslView(binding.path), '/')) {
    const FieldDescriptor* const field = FieldInPath(message, segment);
    if (field == nullptr) {
      segments.emplace_back(segment);
    } else {
      const bool is_object = sent.empty() && binding.base == RestBase::kApi && binding.subject != Subject::kNone;
      segments.push_back(is_object ? object : FieldText(message, *field, FormOf(binding, field->name())));
      sent.push_back(field);
    }
  }
  RestRequest request(binding.method, binding.idempotency, std::move(segments));
  for (const QueryBinding& query : binding.query) {
    AddQuery(query, FormOf(binding, query.field), message, request);
    sent.push_back(&FieldOf(message, query.field));
  }
  for (const std::string_view name : kOwnFields) {
    if (const FieldDescriptor* own = message.GetDescriptor()->FindFieldByName(std::string(name))) sent.push_back(own);
  }
  if (binding.base == RestBase::kToolbox) sent.push_back(&FieldOf(message, KindOf(binding.subject)));
  if (binding.body) request.SetBody(WriteMessage(message, binding.mappings, sent));
  request.CountedAgainst(binding.throttler).RefusedAs(binding.refusals);
  if (binding.subject != Subject::kNone) {
    request.About(binding.subject, object)
        .Tag(absl::StrCat(AbslView(KindOf(binding.subject)), LooksLikeUuid(object) ? "_id" : "_name"), object);
  }
  return request;
}

absl::Status ReadBoundAnswer(const Binding& binding, const Json& json, Message& response) {
  if (binding.answer.empty()) return ReadMessage(json, binding.mappings, response);
  const FieldDescriptor& field = FieldOf(response, binding.answer);
  return ReadMessage(json, binding.mappings, *response.GetReflection()->MutableMessage(&response, &field));
}

}  // namespace daytonad
