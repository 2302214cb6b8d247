#include <gmock/gmock.h>
#include <google/protobuf/text_format.h>
#include <gtest/gtest.h>

#include <string>

#include "daemon/services/checks/request_checks.h"
#include "daemon/services/checks/spec_checks.h"
#include "daemon/services/rpc/read_source.h"
#include "daytonad/v1/daytona_service.pb.h"

namespace daytonad {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

template <typename Message>
Message Parse(const std::string& text) {
  Message message;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &message)) << text;
  return message;
}

// A spec that is wrong in one way, and how its violation begins.
struct BadSpec {
  const char* spec;
  const char* violation;
};

class BadSandboxSpecTest : public ::testing::TestWithParam<BadSpec> {};

TEST_P(BadSandboxSpecTest, IsRefusedWithTheFieldsPath) {
  FieldViolations violations;
  CheckSpec(Parse<v1::SandboxSpec>(GetParam().spec), violations);
  const absl::Status status = violations.ToStatus();
  EXPECT_TRUE(absl::IsInvalidArgument(status));
  EXPECT_THAT(std::string(status.message()), StartsWith(GetParam().violation));
}

INSTANTIATE_TEST_SUITE_P(
    Each, BadSandboxSpecTest,
    ::testing::Values(
        BadSpec{R"(name: "a\nb")", "spec.name: has a line break"},
        BadSpec{R"(name: "  ")", "spec.name: has nothing but white space"},
        BadSpec{R"(name: ".")", "spec.name: is neither an id nor a name"},
        BadSpec{R"(name: "..")", "spec.name: is neither an id nor a name"},
        BadSpec{R"(snapshot: "..")", "spec.snapshot: is neither an id nor a name"},
        BadSpec{R"(linked_sandbox: ".")", "spec.linked_sandbox: is neither an id nor a name"},
        BadSpec{R"(snapshot: " ")", "spec.snapshot: has nothing but white space"},
        BadSpec{R"(target: " ")", "spec.target: has nothing but white space"},
        BadSpec{"language: 17", "spec.language: is no CodeLanguage: 17"},
        BadSpec{"auto_stop_minutes: -1", "spec.auto_stop_minutes: is -1"},
        BadSpec{"auto_pause_minutes: -1", "spec.auto_pause_minutes: is -1"},
        BadSpec{"auto_archive_minutes: -5", "spec.auto_archive_minutes: is -5"},
        BadSpec{"ttl_minutes: -1", "spec.ttl_minutes: is -1"},
        BadSpec{"queue_timeout_minutes: -1", "spec.queue_timeout_minutes: is -1"},
        BadSpec{"queue_timeout_minutes: 0", "spec.queue_timeout_minutes: is 0"},
        BadSpec{"auto_stop_minutes: 1 auto_pause_minutes: 1", "spec.auto_pause_minutes: and auto_stop_minutes"},
        BadSpec{"ephemeral: true auto_pause_minutes: 1", "spec.auto_pause_minutes: can't be set for an ephemeral"},
        BadSpec{"auto_delete_minutes: 0 auto_pause_minutes: 1", "spec.auto_pause_minutes: can't be set for an eph"},
        BadSpec{"resources { cpu: 1 }", "spec.resources: can't be given with a snapshot"},
        BadSpec{R"(snapshot: "s" resources { cpu: 1 })", "spec.resources: can't be given with a snapshot"},
        BadSpec{R"(image: "x" resources { cpu: 0 })", "spec.resources.cpu: is 0"},
        BadSpec{R"(image: "x" resources { cpu: 0.5 })",
                "spec.resources.cpu: is 0.5; this upstream takes whole numbers"},
        BadSpec{R"(image: "x" resources { memory_gib: 1.5 })",
                "spec.resources.memory_gib: is 1.5; this upstream takes"},
        BadSpec{R"(image: "x" resources { disk_gib: 2.25 })", "spec.resources.disk_gib: is 2.25; this upstream takes"},
        BadSpec{R"(image: "x" resources { cpu: -1 })", "spec.resources.cpu: is -1; it must be more than 0"},
        BadSpec{R"(image: "x" resources { cpu: nan })", "spec.resources.cpu: is nan; it must be more than 0"},
        BadSpec{R"(image: "x" resources { disk_gib: inf })", "spec.resources.disk_gib: is inf; it must be at most"},
        BadSpec{R"(language: CODE_LANGUAGE_PYTHON language_text: "ruby")",
                "spec.language_text: can't be given together"},
        BadSpec{R"(language_text: "a\nb")", "spec.language_text: has a line break"},
        BadSpec{R"(image: "x" resources { gpu: -1 })", "spec.resources.gpu: is -1"},
        BadSpec{R"(image: "x" resources { gpu_types: 0 })", "spec.resources.gpu_types: has no kind of number 0"},
        BadSpec{R"(image: "x" resources { gpu_types: 1 gpu_type_texts: "B" })", "spec.resources.gpu_type_texts: can't"},
        BadSpec{R"(image: "")", "spec.image: is empty"},
        BadSpec{R"(image: "x\nRUN evil")", "spec.image: has white space"},
        BadSpec{R"(dockerfile: " \n")", "spec.dockerfile: is empty"},
        BadSpec{R"(image: "x" linked_sandbox: "p")", "spec.linked_sandbox: needs a sandbox that is created from"},
        BadSpec{R"(labels { key: "a" value: "b\nc" })", "spec.labels[\"a\"]: has a line break"},
        BadSpec{R"(labels { key: "a\nb" value: "c" })", "spec.labels: has a key with a line break"},
        BadSpec{R"(labels { key: "" value: "c" })", "spec.labels[\"\"]: has an empty key"},
        BadSpec{R"(env { key: "A=B" value: "c" })", "spec.env: has a variable of the name \"A=B\""},
        BadSpec{R"(volumes { volume: "v" mount_path: "data" })", "spec.volumes[0].mount_path: must be an absolute"},
        BadSpec{R"(volumes { volume: "v" mount_path: "//" })", "spec.volumes[0].mount_path: can't be the root"},
        BadSpec{R"(volumes { volume: "v" mount_path: "/a/../b" })", "spec.volumes[0].mount_path: must not have"},
        BadSpec{R"(volumes { volume: "v" mount_path: "/etc/x" })", "spec.volumes[0].mount_path: can't be at or below"},
        BadSpec{R"(volumes { volume: "" mount_path: "/d" })", "spec.volumes[0].volume: is required"},
        BadSpec{R"(volumes { volume: "v" mount_path: "/d" subpath: "/a" })", "spec.volumes[0].subpath: must be"},
        BadSpec{R"(network_allow_list: "10.0.0.0/8,0.0.0.0/0")", "spec.network_allow_list[0]: must be one entry"}));

TEST(SpecChecksTest, AFullSandboxSpecPasses) {
  FieldViolations violations;
  CheckSpec(Parse<v1::SandboxSpec>(R"(
                name: "box" language: CODE_LANGUAGE_TYPESCRIPT image: "debian:12"
                resources { cpu: 2 memory_gib: 4 disk_gib: 8 gpu: 1 gpu_types: GPU_TYPE_H100 }
                env { key: "A" value: "two\nlines" } labels { key: "team" value: "a b" }
                auto_stop_minutes: 0 auto_pause_minutes: 5 auto_delete_minutes: -1 ttl_minutes: 5
                volumes { volume: "v" mount_path: "/data/x/" subpath: "a/b" }
                network_allow_list: "10.0.0.0/8" domain_allow_list: "*.example.com")"),
            violations);
  EXPECT_TRUE(violations.ToStatus().ok()) << violations.ToStatus();
}

TEST(SpecChecksTest, NamesAreAsLongAtCreateAsAtGet) {
  for (const size_t bytes : {size_t{512}, size_t{513}, size_t{100'000}}) {
    v1::SandboxSpec sandbox;
    sandbox.set_name(std::string(bytes, 'n'));
    v1::SnapshotSpec snapshot;
    snapshot.set_name(std::string(bytes, 'n'));
    snapshot.set_image("debian:12");
    FieldViolations at_create;
    FieldViolations of_snapshot;
    FieldViolations at_get;
    CheckSpec(sandbox, at_create);
    CheckSpec(snapshot, of_snapshot);
    CheckObject("sandbox", sandbox.name(), at_get);
    EXPECT_EQ(at_create.empty(), bytes == 512) << bytes;
    EXPECT_EQ(of_snapshot.empty(), bytes == 512) << bytes;
    EXPECT_EQ(at_get.empty(), bytes == 512) << bytes;
  }
}

TEST(SpecChecksTest, AFilterFitsIntoAUrl) {
  v1::SandboxFilter filter;
  (*filter.mutable_labels())["note"] = std::string(7900, 'x');
  FieldViolations fits;
  CheckFilter(filter, Paging::kToken, fits);
  EXPECT_TRUE(fits.empty());
  filter.add_snapshots(std::string(200, 's'));
  FieldViolations too_long;
  CheckFilter(filter, Paging::kToken, too_long);
  EXPECT_THAT(std::string(too_long.ToStatus().message()), StartsWith("filter: has 81"));
}

TEST(SpecChecksTest, EverythingThatIsWrongIsToldAtOnce) {
  FieldViolations violations;
  CheckSpec(Parse<v1::SandboxSpec>("auto_stop_minutes: -1 ttl_minutes: -1"), violations);
  EXPECT_THAT(std::string(violations.ToStatus().message()), HasSubstr("; spec.ttl_minutes"));
}

TEST(SpecChecksTest, ASnapshotNeedsNameAndSource) {
  FieldViolations violations;
  CheckSpec(v1::SnapshotSpec(), violations);
  EXPECT_EQ(violations.ToStatus().message(),
            "spec.name: is required; spec.source: is required: give an image, a Dockerfile or a declarative image");
}

TEST(SpecChecksTest, NumberedPagingRefusesTheFiltersThatItDoesNotKnow) {
  const auto filter = Parse<v1::SandboxFilter>("is_public: true");
  FieldViolations token;
  CheckFilter(filter, Paging::kToken, token);
  EXPECT_TRUE(token.empty());
  FieldViolations numbered;
  CheckFilter(filter, Paging::kNumbered, numbered);
  EXPECT_FALSE(numbered.empty());
}

TEST(SpecChecksTest, AFilterWithAFractionIsRefusedWithTheFieldsPath) {
  for (const std::string field :
       {"min_cpu", "max_cpu", "min_memory_gib", "max_memory_gib", "min_disk_gib", "max_disk_gib"}) {
    for (const Paging paging : {Paging::kToken, Paging::kNumbered}) {
      FieldViolations whole;
      FieldViolations fraction;
      CheckFilter(Parse<v1::SandboxFilter>(field + ": 2"), paging, whole);
      CheckFilter(Parse<v1::SandboxFilter>(field + ": 2.5"), paging, fraction);
      EXPECT_TRUE(whole.empty()) << field;
      EXPECT_EQ(fraction.ToStatus().message(), "filter." + field + ": is 2.5; this upstream takes whole numbers only");
    }
  }
}

TEST(SpecChecksTest, ASnapshotsResourcesHaveNoFractionsEither) {
  FieldViolations violations;
  CheckSpec(Parse<v1::SnapshotSpec>(R"(name: "s" image: "a:1" resources { cpu: 1.5 })"), violations);
  EXPECT_EQ(violations.ToStatus().message(), "spec.resources.cpu: is 1.5; this upstream takes whole numbers only");
}

TEST(SpecChecksTest, ListsKnowNoDestroyedSandboxes) {
  FieldViolations violations;
  CheckFilter(Parse<v1::SandboxFilter>("states: SANDBOX_STATE_DESTROYED"), Paging::kToken, violations);
  EXPECT_FALSE(violations.empty());
}

TEST(SpecChecksTest, EachWayOfPagingHasItsOwnSortFields) {
  for (const auto& [field, paging, known] : {
           std::tuple(v1::SANDBOX_SORT_FIELD_NAME, Paging::kToken, true),
           std::tuple(v1::SANDBOX_SORT_FIELD_CPU, Paging::kNumbered, false),
           std::tuple(v1::SANDBOX_SORT_FIELD_STATE, Paging::kToken, false),
           std::tuple(v1::SANDBOX_SORT_FIELD_STATE, Paging::kNumbered, true),
           std::tuple(static_cast<v1::SandboxSortField>(99), Paging::kToken, false),
       }) {
    FieldViolations violations;
    CheckSort(field, paging, violations);
    EXPECT_EQ(violations.empty(), known) << field;
  }
}

TEST(RequestChecksTest, PagesAreByNumberOrByToken) {
  for (const auto& [request, good] : {
           std::pair("", true),
           std::pair("page: 1", true),
           std::pair("page_token: 't'", true),
           std::pair("page: 1 page_token: ''", true),
           std::pair("page: 0", false),
           std::pair("page: 1 page_token: 't'", false),
       }) {
    FieldViolations violations;
    CheckPaging(Parse<v1::ListSandboxesRequest>(request), violations);
    EXPECT_EQ(violations.empty(), good) << request;
  }
}

TEST(RequestChecksTest, AnObjectMustBeNamed) {
  for (const std::string& name :
       {std::string(), std::string("."), std::string(".."), std::string("a\nb"), std::string(600, 'x'),
        std::string(" "), std::string("\t \n"), std::string("\u00a0"), std::string("\u3000\ufeff \u2028")}) {
    FieldViolations violations;
    CheckObject("sandbox", name, violations);
    EXPECT_FALSE(violations.empty()) << name;
    EXPECT_EQ(violations.ToStatus().message().find("; sandbox"), absl::string_view::npos) << "once";
  }
  for (const std::string name : {"a/b c:1", " a", "a ", "\u3000a"}) {
    FieldViolations violations;
    CheckObject("sandbox", name, violations);
    EXPECT_TRUE(violations.empty()) << name;
  }
}

TEST(RequestChecksTest, PagesHaveUpTo200Objects) {
  for (const auto& [size, good] :
       {std::pair(0, true), {200, true}, {201, false}, {-1, false}, {1'000'000'000, false}}) {
    FieldViolations violations;
    CheckPageSize(size, violations);
    EXPECT_EQ(violations.empty(), good) << size;
  }
}

TEST(RequestChecksTest, ATimeLimitIsUnsetZeroOrPositive) {
  google::protobuf::Duration duration;
  FieldViolations violations;
  duration.set_seconds(-1);
  CheckDuration("timeout", duration, violations);
  EXPECT_FALSE(violations.empty());

  FieldViolations none;
  duration.set_seconds(2);
  duration.set_nanos(500'000'000);
  EXPECT_EQ(CheckDuration("timeout", duration, none), std::chrono::milliseconds(2500));
  duration.set_seconds(std::numeric_limits<int64_t>::max());
  EXPECT_GT(CheckDuration("timeout", duration, none), std::chrono::hours(24 * 365));
  EXPECT_TRUE(none.empty());
}

TEST(RequestChecksTest, ADurationIsWhatProtobufCallsOne) {
  struct Case {
    int64_t seconds;
    int32_t nanos;
    const char* violation;
  };
  for (const Case& c : {Case{0, 1'000'000'000, "is no valid duration"}, Case{5, 2'000'000'000, "is no valid duration"},
                        Case{5, -1, "is no valid duration"}, Case{-5, -1'000'000'000, "is no valid duration"},
                        Case{0, -2'000'000'000, "is no valid duration"}, Case{0, -1, "is negative"},
                        Case{-1, 0, "is negative"}, Case{-1, -999'999'999, "is negative"}}) {
    v1::GetSandboxRequest request;
    request.mutable_max_age()->set_seconds(c.seconds);
    request.mutable_max_age()->set_nanos(c.nanos);
    FieldViolations violations;
    CheckMaxAge(request, violations);
    EXPECT_THAT(std::string(violations.ToStatus().message()), HasSubstr(c.violation)) << c.seconds << " " << c.nanos;
    EXPECT_EQ(MaxAgeOf(request), Clock::Duration::zero()) << "no answer from memory: " << c.seconds << " " << c.nanos;
  }
  FieldViolations none;
  v1::GetSandboxRequest request;
  request.mutable_max_age()->set_seconds(1);
  request.mutable_max_age()->set_nanos(999'999'999);
  CheckMaxAge(request, none);
  EXPECT_TRUE(none.empty());
  EXPECT_EQ(MaxAgeOf(request), std::chrono::nanoseconds(1'999'999'999));
}

TEST(SpecChecksTest, TimesOfAFilterAreWhatProtobufCallsOne) {
  for (const std::string time : {"nanos: 1000000000", "nanos: -1", "seconds: 253402300800", "seconds: -62135596801"}) {
    for (const char* field : {"created_at_after", "created_at_before", "last_activity_after", "last_activity_before",
                              "auto_destroy_at_after", "auto_destroy_at_before"}) {
      FieldViolations violations;
      CheckFilter(Parse<v1::SandboxFilter>(std::string(field) + " { " + time + " }"), Paging::kToken, violations);
      EXPECT_THAT(std::string(violations.ToStatus().message()),
                  StartsWith(std::string("filter.") + field + ": is no valid time"))
          << time;
    }
  }
  FieldViolations none;
  CheckFilter(Parse<v1::SandboxFilter>("created_at_after { seconds: -62135596800 nanos: 999999999 }"), Paging::kToken,
              none);
  EXPECT_TRUE(none.empty());
}

TEST(RequestChecksTest, ARequestIdIsVisibleAscii) {
  FieldViolations good;
  CheckRequestId("", good);
  CheckRequestId("8d1f~!", good);
  EXPECT_TRUE(good.empty());
  for (const std::string& id : {std::string("a b"), std::string("a\n"), std::string("é"), std::string(129, 'a')}) {
    FieldViolations bad;
    CheckRequestId(id, bad);
    EXPECT_FALSE(bad.empty()) << id;
  }
}

TEST(RequestChecksTest, ARepeatedRequestHasTheSameDigestWhateverItsLimits) {
  const auto digest = [](const std::string& request) { return KeyOf(Parse<v1::CreateSandboxRequest>(request)).digest; };
  const std::string spec = "spec { labels { key: 'a' value: '1' } labels { key: 'b' value: '2' } } request_id: 'r' ";
  EXPECT_EQ(digest(spec), digest(spec + "timeout { seconds: 5 } wait: false"));
  EXPECT_EQ(digest(spec),
            digest("request_id: 's' spec { labels { key: 'b' value: '2' } labels { key: 'a' value: '1' } }"));
  EXPECT_EQ(digest(spec), KeyOf(Parse<v1::CreateSandboxStreamRequest>(spec + "log_offset: 7")).digest);
  EXPECT_NE(digest(spec), digest("request_id: 'r'"));
  EXPECT_NE(KeyOf(Parse<v1::StartSandboxRequest>("sandbox: 'a'")).digest,
            KeyOf(Parse<v1::StopSandboxRequest>("sandbox: 'a'")).digest);
}

}  // namespace
}  // namespace daytonad
