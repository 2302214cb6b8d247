#include "daemon/upstream/v0/bindings/binding.h"

#include <google/protobuf/descriptor.h>
#include <gtest/gtest.h>

#include <set>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "daemon/base/absl_view.h"
#include "daytonad/v1/daytona_service.pb.h"

// Each row names what the contract has.
namespace daytonad {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::MethodDescriptor;

// Null if there is none.
const MethodDescriptor* MethodOf(const Binding& binding) {
  const google::protobuf::FileDescriptor* const file = v1::GetSandboxRequest::descriptor()->file();
  return file->FindServiceByName("DaytonaService")->FindMethodByName(std::string(binding.rpc));
}

// Null if the type has no field at this path.
const FieldDescriptor* FieldAt(const Descriptor* type, std::string_view path) {
  const FieldDescriptor* field = nullptr;
  for (const absl::string_view name : absl::StrSplit(AbslView(path), '.')) {
    if (type == nullptr) return nullptr;
    field = type->FindFieldByName(std::string(name));
    if (field == nullptr) return nullptr;
    type = field->message_type();
  }
  return field;
}

class BindingTest : public ::testing::TestWithParam<Binding> {};

TEST_P(BindingTest, NamesAnRpcAndItsFields) {
  const Binding& binding = GetParam();
  const MethodDescriptor* const method = MethodOf(binding);
  ASSERT_NE(method, nullptr);
  EXPECT_EQ(method->input_type()->name(), method->name() + "Request") << "by which the row is found";
  EXPECT_FALSE(method->client_streaming() || method->server_streaming()) << "only unary calls pass through";
  const Descriptor* const request = method->input_type();
  const Descriptor* const response = method->output_type();

  std::vector<std::string> in_path;
  for (const absl::string_view segment : absl::StrSplit(AbslView(binding.path), '/')) {
    EXPECT_FALSE(segment.empty()) << binding.path;
    if (segment.front() != '{') continue;
    ASSERT_EQ(segment.back(), '}') << binding.path;
    in_path.emplace_back(segment.substr(1, segment.size() - 2));
    const FieldDescriptor* const field = request->FindFieldByName(in_path.back());
    ASSERT_NE(field, nullptr) << in_path.back();
    EXPECT_FALSE(field->is_repeated()) << in_path.back();
  }
  if (binding.base == RestBase::kApi && binding.subject != Subject::kNone) {
    ASSERT_FALSE(in_path.empty());
    EXPECT_EQ(in_path.front(), std::string(KindOf(binding.subject)));
  }
  for (const QueryBinding& query : binding.query) {
    EXPECT_NE(request->FindFieldByName(std::string(query.field)), nullptr) << query.field;
    EXPECT_FALSE(query.name.empty());
  }
  if (!binding.answer.empty()) {
    const FieldDescriptor* const answer = response->FindFieldByName(std::string(binding.answer));
    ASSERT_NE(answer, nullptr) << binding.answer;
    EXPECT_NE(answer->message_type(), nullptr) << binding.answer;
    EXPECT_FALSE(answer->is_repeated()) << binding.answer;
  }
  for (const FieldMapping& mapping : binding.mappings) {
    EXPECT_TRUE(FieldAt(request, mapping.field) != nullptr || FieldAt(response, mapping.field) != nullptr)
        << mapping.field;
  }
}

TEST_P(BindingTest, EveryFieldOfTheRequestGoesSomewhere) {
  const Binding& binding = GetParam();
  const Descriptor& request = *MethodOf(binding)->input_type();
  if (binding.body) return;  // takes what is left
  std::set<std::string> sent = {"request_id", "timeout", "wait", "max_age"};
  if (binding.base == RestBase::kToolbox) sent.emplace(KindOf(binding.subject));
  for (const QueryBinding& query : binding.query) sent.emplace(query.field);
  for (int i = 0; i < request.field_count(); ++i) {
    const std::string& name = request.field(i)->name();
    const bool in_path = binding.path.find(absl::StrCat("{", name, "}")) != std::string_view::npos;
    EXPECT_TRUE(in_path || sent.contains(name)) << name << " is never sent";
  }
}

INSTANTIATE_TEST_SUITE_P(All, BindingTest, ::testing::ValuesIn(Bindings()),
                         [](const auto& info) { return std::string(info.param.rpc); });

TEST(FindBindingTest, ByTheRequest) {
  ASSERT_NE(FindBinding(v1::SetSandboxLabelsRequest()), nullptr);
  EXPECT_EQ(FindBinding(v1::SetSandboxLabelsRequest())->path, "sandbox/{sandbox}/labels");
  EXPECT_EQ(FindBinding(v1::GetSandboxRequest()), nullptr) << "it has an operation of its own";
  EXPECT_EQ(FindBinding(v1::SetSandboxLabelsResponse()), nullptr);
}

TEST(BindingsTest, NoRpcHasTwoRows) {
  std::set<std::string_view> seen;
  for (const Binding& binding : Bindings()) EXPECT_TRUE(seen.insert(binding.rpc).second) << binding.rpc;
}

}  // namespace
}  // namespace daytonad
