// What a real server answered, whole, goes through the daemon's reading of it: no field may get lost, no error may be
// taken for another. The recording is tests/replay/control-plane-v0.190.jsonl.
#include <gmock/gmock.h>
#include <google/protobuf/util/json_util.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <map>
#include <ostream>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "daemon/base/error.h"
#include "daemon/upstream/testing/rest_api_fixture.h"

namespace daytonad {
namespace {

constexpr char kId[] = "0daf0272-2824-474d-af76-f0f32c848493";

struct Exchange {
  std::string name;
  std::string method;
  std::string path;  // without query
  bool has_query = false;
  int status = 0;
  Json body;
  FakeHttpClient::Headers headers;
};

void PrintTo(const Exchange& exchange, std::ostream* out) {
  std::string name = exchange.name;
  std::ranges::replace_if(
      name, [](unsigned char c) { return !absl::ascii_isalnum(c); }, '_');
  *out << name;
}

std::vector<Exchange> Recording() {
  std::vector<Exchange> exchanges;
  std::ifstream file(DAYTONAD_GOLDEN_FILE);
  for (std::string line; std::getline(file, line);) {
    const Json json = Json::parse(line);
    Exchange exchange;
    exchange.name = json.at("case");
    exchange.method = json.at("method");
    const std::string path = json.at("path");
    exchange.path = path.substr(0, path.find('?'));
    exchange.has_query = exchange.path.size() < path.size();
    exchange.status = json.at("status");
    exchange.body = json.at("body");
    for (const auto& [header, value] : json.at("headers").items()) exchange.headers.emplace_back(header, value);
    exchanges.push_back(std::move(exchange));
  }
  return exchanges;
}

std::string Underscored(const std::string& camel) {
  std::string name;
  for (const char c : camel) {
    if (absl::ascii_isupper(static_cast<unsigned char>(c))) name.push_back('_');
    name.push_back(absl::ascii_tolower(static_cast<unsigned char>(c)));
  }
  return name;
}

// Where upstream's field is in our message, if it has another name there.
std::string OurName(const std::string& theirs) {
  static const std::map<std::string, std::string> kNames = {
      {"state", "state_text"},
      {"desiredState", "desired_state_text"},
      {"backupState", "backup_state_text"},
      {"sandboxClass", "sandbox_class_text"},
      {"gpuType", "gpu_type_text"},
      {"public", "is_public"},
      {"memory", "memory_gib"},
      {"mem", "memory_gib"},
      {"disk", "disk_gib"},
      {"size", "size_gb"},
      {"ref", "image_ref"},
      {"autoStopInterval", "auto_stop_minutes"},
      {"autoPauseInterval", "auto_pause_minutes"},
      {"autoArchiveInterval", "auto_archive_minutes"},
      {"autoDeleteInterval", "auto_delete_minutes"},
      {"volumeId", "volume"},
  };
  const auto found = kNames.find(theirs);
  return found == kNames.end() ? Underscored(theirs) : found->second;
}

// Maps are the user's own: their keys are no fields.
bool IsMap(const std::string& field) { return field == "labels" || field == "env"; }

// Does `ours` have everything that `theirs` says?
void ExpectSame(const Json& theirs, const Json& ours, const std::string& where) {
  if (theirs.is_null()) {
    const bool unset = ours.is_null() || ours.empty() || ours == Json(std::string()) || ours == 0;
    EXPECT_TRUE(unset) << where << ": null became " << ours;
  } else if (theirs.is_array()) {
    ASSERT_TRUE(ours.is_array()) << where << ": " << theirs << " became " << ours;
    ASSERT_EQ(theirs.size(), ours.size()) << where;
    for (size_t i = 0; i < theirs.size(); ++i) ExpectSame(theirs[i], ours[i], absl::StrCat(where, "[", i, "]"));
  } else if (theirs.is_object()) {
    for (const auto& [name, value] : theirs.items()) {
      const std::string field = OurName(name);
      const Json mine = ours.contains(field) ? ours[field] : Json();
      if (IsMap(name)) {
        EXPECT_EQ(value, mine) << where << "." << name;
      } else {
        ExpectSame(value, mine, absl::StrCat(where, ".", name));
      }
    }
  } else {
    EXPECT_EQ(theirs, ours) << where;
  }
}

template <typename Message>
void ExpectWhole(const Json& theirs, const Message& message) {
  google::protobuf::util::JsonPrintOptions options;
  options.preserve_proto_field_names = true;
  options.always_print_primitive_fields = true;
  std::string text;
  ASSERT_TRUE(google::protobuf::util::MessageToJsonString(message, &text, options).ok());
  ExpectSame(theirs, Json::parse(text), "body");
}

template <typename Message>
void ExpectWhole(const Json& theirs, const std::vector<Message>& messages) {
  ASSERT_EQ(theirs.size(), messages.size());
  for (size_t i = 0; i < messages.size(); ++i) ExpectWhole(theirs[i], messages[i]);
}

// What each refusal means.
const std::map<std::string, std::string>& Refusals() {
  static const std::map<std::string, std::string> kRefusals = {
      {"no key", "UNAUTHENTICATED UPSTREAM_REJECTED_CREDENTIAL"},
      {"wrong key", "UNAUTHENTICATED UPSTREAM_REJECTED_CREDENTIAL"},
      {"create, name taken", "ALREADY_EXISTS NAME_TAKEN"},
      {"get, unknown", "NOT_FOUND SANDBOX_NOT_FOUND"},
      {"list, states comma-separated", "INVALID_ARGUMENT UPSTREAM_BAD_REQUEST"},
      {"list, limit too large", "INVALID_ARGUMENT UPSTREAM_BAD_REQUEST"},
      {"list, broken cursor", "INVALID_ARGUMENT UPSTREAM_BAD_REQUEST"},
      {"stop when stopped", "FAILED_PRECONDITION WRONG_STATE"},
      {"get by id once destroyed", "NOT_FOUND SANDBOX_NOT_FOUND"},
      {"delete again", "NOT_FOUND SANDBOX_NOT_FOUND"},
      {"create, unknown snapshot", "NOT_FOUND SNAPSHOT_NOT_FOUND"},
      {"create, resources with a snapshot", "INVALID_ARGUMENT UPSTREAM_BAD_REQUEST"},
      {"create, quota", "RESOURCE_EXHAUSTED QUOTA_EXCEEDED"},
      {"create, unknown region", "NOT_FOUND REGION_NOT_FOUND"},
      {"create, wrong types", "INVALID_ARGUMENT UPSTREAM_BAD_REQUEST"},
      {"create, malformed JSON", "INVALID_ARGUMENT UPSTREAM_BAD_REQUEST"},
      {"create, body over 100 kB", "UNIMPLEMENTED NOT_SUPPORTED_BY_UPSTREAM"},
      {"create, linked but not ephemeral", "INVALID_ARGUMENT UPSTREAM_BAD_REQUEST"},
      {"create, runner fails", "FAILED_PRECONDITION SANDBOX_FAILED"},
      {"snapshot, name taken", "ALREADY_EXISTS NAME_TAKEN"},
      {"create from an inactive snapshot", "FAILED_PRECONDITION SNAPSHOT_NOT_ACTIVE"},
      {"snapshot activate", "FAILED_PRECONDITION WRONG_STATE"},
      {"snapshot, latest tag", "INVALID_ARGUMENT UPSTREAM_BAD_REQUEST"},
      {"snapshot, no tag", "INVALID_ARGUMENT UPSTREAM_BAD_REQUEST"},
      {"snapshot, bad name", "INVALID_ARGUMENT UPSTREAM_BAD_REQUEST"},
      {"snapshot get, unknown", "NOT_FOUND SNAPSHOT_NOT_FOUND"},
      {"snapshot delete by name", "INVALID_ARGUMENT UPSTREAM_BAD_REQUEST"},
      {"volume create, name taken", "ALREADY_EXISTS NAME_TAKEN"},
      {"volume get by name, unknown", "NOT_FOUND VOLUME_NOT_FOUND"},
      {"sandbox with a volume not ready", "FAILED_PRECONDITION VOLUME_NOT_READY"},
      {"volume bad mount path", "INVALID_ARGUMENT UPSTREAM_BAD_REQUEST"},
      {"volume delete, in use", "FAILED_PRECONDITION VOLUME_IN_USE"},
      {"unknown route", "UNIMPLEMENTED NOT_SUPPORTED_BY_UPSTREAM"},
      {"pause, sandbox gone", "NOT_FOUND SANDBOX_NOT_FOUND"},
  };
  return kRefusals;
}

// Answers to requests that the daemon never makes, of a shape that it does not read.
const std::set<std::string>& NotRead() {
  static const std::set<std::string> kNotRead = {"config", "current api key", "health"};
  return kNotRead;
}

class GoldenTest : public RestApiFixture, public testing::WithParamInterface<Exchange> {
 protected:
  // Makes the call of ours that would get this answer. What is read must be whole.
  absl::Status Replay(const Exchange& exchange) {
    const std::string& path = exchange.path;
    const Json& body = exchange.body;
    const bool post = exchange.method == "POST";
    const bool remove = exchange.method == "DELETE";
    http_.Answer(exchange.status, body.is_string() ? body.get<std::string>() : body.dump(), exchange.headers);
    if (absl::EndsWith(path, "/push-access")) return Run(api_->OpenContextStore(context_)).status();
    if (absl::EndsWith(path, "/build-logs-url")) return ReplayLogUrl(path);
    if (path == "/api/sandbox/paginated") {
      const auto page = Run(api_->Run(context_, ListSandboxesByPage(SandboxListQuery(), 1)));
      if (page.ok()) ExpectTotals(*page->totals);
      if (page.ok()) ExpectWhole(body.at("items"), page->items);
      return page.status();
    }
    if (path == "/api/sandbox" && !post) {
      const auto page = Run(api_->Run(context_, ListSandboxes(SandboxListQuery(), "")));
      if (page.ok()) ExpectSame(body.value("nextCursor", Json()), page->next_cursor, "nextCursor");
      if (page.ok()) ExpectWhole(body.at("items"), page->items);
      return page.status();
    }
    if (absl::StartsWith(path, "/api/snapshots")) return ReplaySnapshot(exchange);
    if (absl::StartsWith(path, "/api/volumes")) return ReplayVolume(exchange);
    if (path == "/api/sandbox") return Whole(Run(api_->Run(context_, CreateSandbox())));
    if (remove) return Whole(Run(api_->Run(context_, DeleteSandbox(kId))));
    if (absl::EndsWith(path, "/stop")) return Whole(Run(api_->Run(context_, StopSandbox(kId, false))));
    if (absl::EndsWith(path, "/start")) return Whole(Run(api_->Run(context_, StartSandbox(kId))));
    return Whole(Run(api_->Run(context_, GetSandbox(kId))));
  }

  absl::Status ReplaySnapshot(const Exchange& exchange) {
    const std::string& path = exchange.path;
    if (absl::EndsWith(path, "/activate")) return Whole(Run(api_->Run(context_, ActivateSnapshot(kId))));
    if (absl::EndsWith(path, "/deactivate")) return Run(api_->Run(context_, DeactivateSnapshot(kId)));
    if (exchange.method == "POST") return Whole(Run(api_->Run(context_, CreateSnapshot())));
    if (exchange.method == "DELETE") return Run(api_->Run(context_, DeleteSnapshot(kId)));
    if (path != "/api/snapshots") return Whole(Run(api_->Run(context_, GetSnapshot(kId))));
    const auto page = Run(api_->Run(context_, ListSnapshots(SnapshotListQuery(), 1)));
    if (page.ok()) ExpectTotals(page->totals);
    if (page.ok()) ExpectWhole(exchange.body.at("items"), page->items);
    return page.status();
  }

  absl::Status ReplayVolume(const Exchange& exchange) {
    if (exchange.method == "POST") return Whole(Run(api_->Run(context_, CreateVolume("v"))));
    if (exchange.method == "DELETE") return Run(api_->Run(context_, DeleteVolume(kId)));
    if (absl::StrContains(exchange.path, "/by-name/")) return Whole(Run(api_->Run(context_, GetVolume::ByName("v"))));
    if (exchange.path != "/api/volumes") return Whole(Run(api_->Run(context_, GetVolume::ById(kId))));
    const auto volumes = Run(api_->Run(context_, ListVolumes(false)));
    if (volumes.ok()) ExpectWhole(exchange.body, *volumes);
    return volumes.status();
  }

  // The URL is on another origin than the API, so the log is asked of the API itself.
  absl::Status ReplayLogUrl(const std::string& path) {
    const LogOwner owner = absl::StartsWith(path, "/api/sandbox") ? LogOwner::kSandbox : LogOwner::kSnapshot;
    http_.Answer(200, "a log");
    absl::Status status = Run(api_->OpenBuildLog(context_, owner, kId, true)).status();
    EXPECT_THAT(http_.Lines().back(), testing::HasSubstr("http://api.test/api/"));
    EXPECT_THAT(http_.Lines().back(), testing::HasSubstr("/build-logs?follow=true"));
    return status;
  }

  template <typename T>
  absl::Status Whole(const absl::StatusOr<T>& object) {
    if (object.ok()) ExpectWhole(GetParam().body, *object);
    return object.status();
  }

  void ExpectTotals(const PageTotals& totals) {
    EXPECT_EQ(totals.total_size, GetParam().body.at("total"));
    EXPECT_EQ(totals.page, GetParam().body.at("page"));
    EXPECT_EQ(totals.total_pages, GetParam().body.at("totalPages"));
  }
};

TEST_P(GoldenTest, IsReadWhole) {
  const Exchange& exchange = GetParam();
  if (NotRead().contains(exchange.name)) return;
  const absl::Status status = Replay(exchange);
  const auto refusal = Refusals().find(exchange.name);
  if (refusal == Refusals().end()) {
    EXPECT_TRUE(status.ok()) << status;
    EXPECT_LT(exchange.status, 400) << "no meaning is laid down for this refusal";
    return;
  }
  EXPECT_EQ(absl::StrCat(absl::StatusCodeToString(status.code()), " ", ErrorReason(status)), refusal->second);
  EXPECT_EQ(ErrorMetadataValue(status, "http_status"), std::to_string(exchange.status));
  const std::string message = exchange.body.at("message");
  // Line breaks are cleaned away.
  EXPECT_EQ(ErrorMetadataValue(status, "upstream_message")->substr(0, 40), message.substr(0, 40));
}

INSTANTIATE_TEST_SUITE_P(Recorded, GoldenTest, testing::ValuesIn(Recording()), testing::PrintToStringParamName());

TEST(GoldenFileTest, HasEveryCaseThatIsExpected) {
  std::set<std::string> recorded;
  for (const Exchange& exchange : Recording()) recorded.insert(exchange.name);
  EXPECT_EQ(recorded.size(), 76U);
  for (const auto& [name, meaning] : Refusals()) EXPECT_TRUE(recorded.contains(name)) << name;
  for (const std::string& name : NotRead()) EXPECT_TRUE(recorded.contains(name)) << name;
}

}  // namespace
}  // namespace daytonad
