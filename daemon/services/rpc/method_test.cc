#include "daemon/services/rpc/method.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "daemon/services/rpc/testing/fake_rpc.h"

namespace daytonad {
namespace {

using ::testing::HasSubstr;

const google::protobuf::ServiceDescriptor& Service() {
  return *google::protobuf::DescriptorPool::generated_pool()->FindServiceByName(FakeServiceTable().service);
}

// The rows of the fake service, of which a test breaks one.
class ResolveMethodsTest : public ::testing::Test {
 protected:
  MethodInfo& Row(std::string_view name) {
    for (MethodInfo& row : rows_) {
      if (row.name == name) return row;
    }
    ADD_FAILURE() << name;
    return rows_.front();
  }
  std::string Problem() const {
    const absl::StatusOr<std::vector<Method>> methods = ResolveMethods(Service(), rows_);
    return methods.ok() ? "" : std::string(methods.status().message());
  }

  std::vector<MethodInfo> rows_ = InfoOf(FakeServiceTable()).methods;
};

TEST_F(ResolveMethodsTest, ATableThatAgreesWithTheDescriptorIsResolved) {
  const absl::StatusOr<std::vector<Method>> methods = ResolveMethods(Service(), rows_);
  ASSERT_TRUE(methods.ok()) << methods.status();
  ASSERT_EQ(methods->size(), 5U);
  EXPECT_EQ(methods->at(0).path(), "/daytonad.fake.FakeService/Get");
  EXPECT_EQ(methods->at(0).name(), "daytonad.fake.FakeService/Get");
}

TEST_F(ResolveMethodsTest, AMethodWithoutARowIsAnError) {
  rows_.pop_back();
  EXPECT_EQ(Problem(), "daytonad.fake.FakeService has no row for its method Chat");
}

TEST_F(ResolveMethodsTest, ARowWithoutAMethodIsAnError) {
  Row("Chat").name = "Chatter";
  EXPECT_EQ(Problem(), "daytonad.fake.FakeService has no method Chatter");
}

TEST_F(ResolveMethodsTest, TwoRowsOfOneMethodAreAnError) {
  rows_.push_back(rows_.front());
  EXPECT_EQ(Problem(), "daytonad.fake.FakeService has two rows for Get");
}

TEST_F(ResolveMethodsTest, AnotherKindIsAnError) {
  for (const std::string_view name : {"Get", "Watch", "Upload", "Chat"}) {
    const MethodInfo row = Row(name);
    for (const MethodKind kind :
         {MethodKind::kUnary, MethodKind::kServerStream, MethodKind::kClientStream, MethodKind::kBidiStream}) {
      Row(name).kind = kind;
      EXPECT_EQ(Problem().empty(), kind == row.kind) << name;
    }
    Row(name).kind = MethodKind::kUnary;
    if (row.kind != MethodKind::kUnary) {
      EXPECT_THAT(Problem(), HasSubstr(" has another kind"));
    }
    Row(name) = row;
  }
}

TEST_F(ResolveMethodsTest, AHandlerForOtherMessagesIsAnError) {
  Row("Change").request = fake::GetRequest::descriptor();
  EXPECT_EQ(Problem(), "the row of daytonad.fake.FakeService.Change has a handler for other messages");
}

TEST_F(ResolveMethodsTest, AnObjectFieldThatTheRequestDoesNotHaveIsAnError) {
  for (const std::string_view field : {"sandbox", "spec", "spec.nane", "spec.name.x", "request_id.name", "."}) {
    Row("Change").object_field = field;
    EXPECT_THAT(Problem(), HasSubstr("ChangeRequest has no field or oneof of strings at " + std::string(field)));
  }
}

TEST_F(ResolveMethodsTest, AnEffectOtherThanTheDescriptorsIsAnError) {
  Row("Watch").effect = Effect::kMutation;
  EXPECT_EQ(Problem(), "the row of daytonad.fake.FakeService.Watch has another effect");
  Row("Watch").effect = Effect::kRead;
  Row("Change").effect = Effect::kRead;
  EXPECT_EQ(Problem(), "the row of daytonad.fake.FakeService.Change has another effect");
}

TEST_F(ResolveMethodsTest, AMutationFlagIsABool) {
  for (const std::string_view flag : {"thing", "force"}) {
    Row("Get").mutation_flag = flag;
    EXPECT_EQ(Problem(), "the row of daytonad.fake.FakeService.Get has a flag that the request does not have");
  }
  Row("Get").mutation_flag = "";
  EXPECT_THAT(Problem(), HasSubstr("has another effect")) << "the descriptor does not call it a read";
}

class MethodTest : public ::testing::Test {
 protected:
  static Method Find(std::string_view name) {
    absl::StatusOr<std::vector<Method>> methods = ResolveMethods(Service(), InfoOf(FakeServiceTable()).methods);
    for (Method& method : *methods) {
      if (method.info().name == name) return std::move(method);
    }
    ADD_FAILURE() << name;
    return methods->front();
  }
};

TEST_F(MethodTest, TheObjectIsAFieldOfTheRequest) {
  fake::GetRequest request;
  EXPECT_EQ(Find("Get").ObjectOf(request), "");
  request.set_thing("box");
  EXPECT_EQ(Find("Get").ObjectOf(request), "box");
}

TEST_F(MethodTest, TheObjectIsAFieldInsideAMessageOfTheRequest) {
  fake::ChangeRequest request;
  EXPECT_EQ(Find("Change").ObjectOf(request), "");
  request.mutable_spec()->set_name("box");
  EXPECT_EQ(Find("Change").ObjectOf(request), "box");
}

TEST_F(MethodTest, TheObjectIsTheFieldOfAOneofThatIsSet) {
  fake::WatchRequest request;
  EXPECT_EQ(Find("Watch").ObjectOf(request), "");
  request.set_thing("box");
  EXPECT_EQ(Find("Watch").ObjectOf(request), "box");
  request.set_group("boxes");
  EXPECT_EQ(Find("Watch").ObjectOf(request), "boxes");
}

TEST_F(MethodTest, AFlagMakesAMutationOfARead) {
  fake::GetRequest request;
  EXPECT_EQ(Find("Get").EffectOf(request), Effect::kRead);
  request.set_create_if_missing(true);
  EXPECT_EQ(Find("Get").EffectOf(request), Effect::kMutation);
}

}  // namespace
}  // namespace daytonad
