// Finding and listing sandboxes: filters, order, and both ways of paging.
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tests/integration/fixture.h"

namespace daytonad::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;
using Stub = v1::DaytonaService::Stub;

template <typename Sandboxes>
std::vector<std::string> Names(const Sandboxes& sandboxes) {
  std::vector<std::string> names;
  for (const v1::Sandbox& sandbox : sandboxes) names.push_back(sandbox.name());
  return names;
}

class SandboxListsTest : public IntegrationTest {
 protected:
  void SetUp() override {
    IntegrationTest::SetUp();
    MakeSandbox(Parse<v1::SandboxSpec>("name: 'a1' labels { key: 'team' value: 'blue' }"));
    MakeSandbox(Parse<v1::SandboxSpec>("name: 'a2' labels { key: 'team' value: 'red' } is_public: true"));
    MakeSandbox(Parse<v1::SandboxSpec>(R"(name: "b1" image: "debian:12" resources { cpu: 2 memory_gib: 4 disk_gib: 9 }
                                         labels { key: "team" value: "blue" } labels { key: "x y" value: "1&2=3" })"));
    MakeSandbox(Parse<v1::SandboxSpec>("name: 'b2' target: 'eu'"));
    MakeSandbox(Parse<v1::SandboxSpec>("name: 'c1' ttl_minutes: 60"));
    control().ForceSandbox("c1", {{"state", "stopped"}});
    control().ResetRequests();
  }

  client::Result<v1::ListSandboxesResponse> List(const std::string& request) {
    return Call(sandboxes(), &Stub::ListSandboxes, Parse<v1::ListSandboxesRequest>(request));
  }
  // The names of the matches, or the error.
  std::vector<std::string> Matching(const std::string& filter, const std::string& more = "") {
    const auto listed = List("filter { " + filter + " } " + more);
    return listed.ok() ? Names(listed.value.sandboxes()) : std::vector{Outcome(listed.error)};
  }
  client::Result<v1::FindSandboxResponse> Find(const std::string& request) {
    return Call(sandboxes(), &Stub::FindSandbox, Parse<v1::FindSandboxRequest>(request));
  }
};

// A server that knows every filter.
class NewServerListsTest : public SandboxListsTest {
 protected:
  emulator::EmulatorOptions emulator_options() override { return QuickEmulator(emulator::ApiVersion::k0_226); }
};

// A server that still supports numbered pages.
class OldServerListsTest : public SandboxListsTest {
 protected:
  emulator::EmulatorOptions emulator_options() override { return QuickEmulator(emulator::ApiVersion::k0_190); }
};

TEST_F(SandboxListsTest, FindsByIdByNameAndByLabels) {
  const std::string by_name = Find("sandbox: 'b1'").value.sandbox().id();
  ASSERT_FALSE(by_name.empty());
  for (const std::string& request :
       {"sandbox: '" + by_name + "'", std::string("labels { key: 'x y' value: '1&2=3' }"),
        std::string("labels { key: 'team' value: 'blue' } labels { key: 'x y' value: '1&2=3' }"),
        std::string("sandbox: 'b1' labels { key: 'team' value: 'not looked at' }")}) {
    const auto found = Find(request);
    ASSERT_EQ(Outcome(found.error), "OK") << request;
    EXPECT_EQ(found.value.sandbox().name(), "b1");
    EXPECT_EQ(found.value.sandbox().view(), v1::VIEW_FULL);
  }
}

TEST_F(SandboxListsTest, FindsNothing) {
  EXPECT_EQ(Outcome(Find("sandbox: 'nope'").error), "NOT_FOUND SANDBOX_NOT_FOUND");
  EXPECT_EQ(Outcome(Find("labels { key: 'team' value: 'green' }").error), "NOT_FOUND SANDBOX_NOT_FOUND");
}

TEST_F(OldServerListsTest, ItemsOfTokenPagesAreBasicAndOfNumberedPagesFull) {
  const auto basic = List("");
  ASSERT_EQ(basic.value.sandboxes_size(), 5);
  for (const v1::Sandbox& sandbox : basic.value.sandboxes()) EXPECT_EQ(sandbox.view(), v1::VIEW_BASIC);
  const auto full = List("page: 1");
  ASSERT_EQ(full.value.sandboxes_size(), 5);
  for (const v1::Sandbox& sandbox : full.value.sandboxes()) EXPECT_EQ(sandbox.view(), v1::VIEW_FULL);
}

TEST_F(SandboxListsTest, FiltersBothWaysOfPaging) {
  for (const std::string paging : {"", "page: 1"}) {
    EXPECT_THAT(Matching("", paging), UnorderedElementsAre("a1", "a2", "b1", "b2", "c1"));
    EXPECT_THAT(Matching("name_prefix: 'B'", paging), UnorderedElementsAre("b1", "b2"));
    EXPECT_THAT(Matching("labels { key: 'team' value: 'blue' }", paging), UnorderedElementsAre("a1", "b1"));
    EXPECT_THAT(Matching("states: SANDBOX_STATE_STOPPED", paging), ElementsAre("c1"));
    EXPECT_THAT(Matching("states: SANDBOX_STATE_STARTED state_texts: 'stopped' name_prefix: 'c'", paging),
                ElementsAre("c1"));
    EXPECT_THAT(Matching("snapshots: 'nope'", paging), IsEmpty());
    EXPECT_THAT(Matching("targets: 'eu'", paging), ElementsAre("b2"));
    EXPECT_THAT(Matching("min_cpu: 2 max_cpu: 2", paging), ElementsAre("b1"));
    EXPECT_THAT(Matching("min_memory_gib: 4 max_memory_gib: 4", paging), ElementsAre("b1"));
    EXPECT_THAT(Matching("min_disk_gib: 9 max_disk_gib: 9", paging), ElementsAre("b1"));
    EXPECT_THAT(Matching("max_disk_gib: 1", paging), IsEmpty());
    EXPECT_THAT(Matching("last_activity_after { seconds: 4000000000 }", paging), IsEmpty());
    EXPECT_THAT(Matching("last_activity_before { seconds: 4000000000 } name_prefix: 'a'", paging),
                UnorderedElementsAre("a1", "a2"));
    const std::string id = Find("sandbox: 'a2'").value.sandbox().id();
    EXPECT_THAT(Matching("id_prefix: '" + id.substr(0, 20) + "'", paging), ElementsAre("a2"));
  }
}

TEST_F(NewServerListsTest, SomeFiltersWorkOnlyWithTokens) {
  EXPECT_THAT(Matching("is_public: true"), ElementsAre("a2"));
  EXPECT_THAT(Matching("is_recoverable: true"), IsEmpty());
  EXPECT_THAT(Matching("created_at_after { seconds: 4000000000 }"), IsEmpty());
  EXPECT_THAT(Matching("created_at_before { seconds: 4000000000 } name_prefix: 'c'"), ElementsAre("c1"));
  EXPECT_THAT(Matching("auto_destroy_at_before { seconds: 4000000000 }"), ElementsAre("c1"));
  EXPECT_THAT(Matching("sandbox_classes: SANDBOX_CLASS_LINUX_VM"), IsEmpty());
  EXPECT_THAT(Matching("sandbox_class_texts: 'container' name_prefix: 'c'"), ElementsAre("c1"));
  EXPECT_THAT(Matching("is_public: true", "page: 1"), ElementsAre("INVALID_ARGUMENT INVALID_REQUEST"));
}

TEST_F(SandboxListsTest, AreSorted) {
  for (const std::string paging : {"", "page: 1"}) {
    EXPECT_THAT(Matching("", "sort: SANDBOX_SORT_FIELD_NAME order: SORT_ORDER_ASC " + paging),
                ElementsAre("a1", "a2", "b1", "b2", "c1"));
    EXPECT_THAT(Matching("", "sort: SANDBOX_SORT_FIELD_NAME order: SORT_ORDER_DESC " + paging),
                ElementsAre("c1", "b2", "b1", "a2", "a1"));
  }
  EXPECT_EQ(Matching("", "sort: SANDBOX_SORT_FIELD_CPU order: SORT_ORDER_DESC").front(), "b1");
}

TEST_F(OldServerListsTest, NumberedPagesHaveMoreSortKeys) {
  EXPECT_EQ(Matching("", "sort: SANDBOX_SORT_FIELD_STATE order: SORT_ORDER_DESC page: 1").front(), "c1");
}

TEST_F(SandboxListsTest, TokensWalkAllPages) {
  const std::string list = "sort: SANDBOX_SORT_FIELD_NAME order: SORT_ORDER_ASC page_size: 2 ";
  std::vector<std::string> names;
  std::vector<int> sizes;
  std::string token;
  do {
    const auto page = List(list + "page_token: '" + token + "'");
    ASSERT_EQ(Outcome(page.error), "OK");
    EXPECT_FALSE(page.value.has_total_size());
    for (const std::string& name : Names(page.value.sandboxes())) names.push_back(name);
    sizes.push_back(page.value.sandboxes_size());
    token = page.value.next_page_token();
  } while (!token.empty());
  EXPECT_THAT(names, ElementsAre("a1", "a2", "b1", "b2", "c1"));
  EXPECT_THAT(sizes, ElementsAre(2, 2, 1));
}

TEST_F(SandboxListsTest, ATokenBelongsToItsRequest) {
  const std::string first = "filter { name_prefix: 'a' } sort: SANDBOX_SORT_FIELD_NAME ";
  const std::string token = "page_token: '" + List(first + "page_size: 1").value.next_page_token() + "' ";
  EXPECT_EQ(List(first + "page_size: 200 " + token).value.sandboxes_size(), 1) << "the size of a page may change";
  control().ResetRequests();
  for (const std::string& other :
       {"filter { name_prefix: 'b' } sort: SANDBOX_SORT_FIELD_NAME " + token,
        "filter { name_prefix: 'a' } sort: SANDBOX_SORT_FIELD_CPU " + token,
        absl::StrCat(first, "order: SORT_ORDER_ASC ", token), token, first + "page_token: 'nonsense'"}) {
    const auto refused = List(other);
    ASSERT_EQ(Outcome(refused.error), "INVALID_ARGUMENT INVALID_REQUEST") << other;
    EXPECT_EQ(refused.error->violations.at(0).field, "page_token");
  }
  EXPECT_EQ(control().Requests().size(), 0U);
}

TEST_F(OldServerListsTest, NumberedPagesHaveTotals) {
  const std::string list = "sort: SANDBOX_SORT_FIELD_NAME order: SORT_ORDER_ASC page_size: 2 ";
  const auto second = List(list + "page: 2");
  ASSERT_EQ(Outcome(second.error), "OK");
  EXPECT_THAT(Names(second.value.sandboxes()), ElementsAre("b1", "b2"));
  EXPECT_EQ(second.value.total_size(), 5);
  EXPECT_EQ(second.value.total_pages(), 3);
  EXPECT_EQ(second.value.page(), 2);
  EXPECT_EQ(second.value.next_page_token(), "");
  EXPECT_THAT(Names(List(list + "page: 3").value.sandboxes()), ElementsAre("c1"));
  EXPECT_THAT(Names(List(list + "page: 9").value.sandboxes()), IsEmpty());
}

TEST_F(SandboxListsTest, StreamsAllPages) {
  const auto streamed =
      ReadAll(sandboxes(), &Stub::StreamSandboxes,
              Parse<v1::StreamSandboxesRequest>("sort: SANDBOX_SORT_FIELD_NAME order: SORT_ORDER_ASC page_size: 2"));
  ASSERT_EQ(Outcome(streamed.error), "OK");
  std::vector<std::string> names;
  for (const v1::StreamSandboxesResponse& message : streamed.messages) {
    EXPECT_EQ(message.sandbox().view(), v1::VIEW_BASIC);
    names.push_back(message.sandbox().name());
  }
  EXPECT_THAT(names, ElementsAre("a1", "a2", "b1", "b2", "c1"));
  EXPECT_EQ(control().CountRequests("GET", "/api/sandbox"), 3);
}

TEST_F(SandboxListsTest, AStreamThatFailsOnALaterPageKeepsWhatItSent) {
  // The first page succeeds.
  control().AddFault({{"path_regex", "^/api/sandbox$"}, {"times", 1}}, {{"extra_fields", true}});
  control().AddFault({{"path_regex", "^/api/sandbox$"}}, {{"status", 403}, {"body", DaytonaError(403, "no more")}});
  const auto streamed = ReadAll(sandboxes(), &Stub::StreamSandboxes, Parse<v1::StreamSandboxesRequest>("page_size: 2"));
  EXPECT_EQ(Outcome(streamed.error), "PERMISSION_DENIED PERMISSION_DENIED_BY_UPSTREAM");
  EXPECT_EQ(streamed.messages.size(), 2U);
}

}  // namespace
}  // namespace daytonad::testing
