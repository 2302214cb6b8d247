#include "emulator/world/sandbox_list.h"

#include <algorithm>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "daemon/base/absl_view.h"
#include "emulator/base/json_writer.h"
#include "emulator/base/wire_time.h"
#include "emulator/world/kinds.h"
#include "emulator/world/paging.h"

namespace daytonad::emulator {
namespace {

using Filter = std::function<bool(const Sandbox&)>;

bool OneOf(const std::vector<std::string>& values, const std::string& value) {
  return std::find(values.begin(), values.end(), value) != values.end();
}

// Reads filters one by one and collects complaints.
class FilterReader {
 public:
  explicit FilterReader(const QueryParams& query) : query_(query) {}

  void Prefix(std::string_view parameter, std::string Sandbox::*member) {
    if (const auto prefix = query_.Get(parameter)) {
      filters_.emplace_back([prefix = *prefix, member](const Sandbox& sandbox) {
        return absl::StartsWithIgnoreCase(sandbox.*member, prefix);
      });
    }
  }

  void Labels() {
    const auto text = query_.Get("labels");
    if (!text.has_value()) return;
    const Json wanted = Json::parse(*text, nullptr, /*allow_exceptions=*/false);
    // Old SDKs send "null" for no labels.
    if (wanted.is_null()) return;
    if (!wanted.is_object()) {
      labels_broken_ = true;
      return;
    }
    filters_.emplace_back([wanted](const Sandbox& sandbox) {
      return std::all_of(wanted.items().begin(), wanted.items().end(), [&](const auto& label) {
        const auto found = sandbox.labels.find(label.key());
        return found != sandbox.labels.end() && *found == label.value();
      });
    });
  }

  void States() {
    const std::vector<std::string> states = query_.GetAll("states");
    AllOneOf("states", ListableSandboxStates());
    const bool errored_deleted = query_.Get("includeErroredDeleted") == "true";
    filters_.emplace_back([states, errored_deleted](const Sandbox& sandbox) {
      if (sandbox.errored_deleted() && !errored_deleted) return false;
      return states.empty() || OneOf(states, sandbox.state);
    });
  }

  void AllOneOf(std::string_view parameter, const std::vector<std::string>& allowed) {
    const std::vector<std::string> values = query_.GetAll(parameter);
    if (std::all_of(values.begin(), values.end(), [&](const std::string& value) { return OneOf(allowed, value); })) {
      return;
    }
    complaints_.push_back(
        absl::StrCat("each value must be one of the following values: ", absl::StrJoin(allowed, ", ")));
  }

  template <typename Member>
  void AnyOf(std::string_view parameter, Member member) {
    const std::vector<std::string> values = query_.GetAll(parameter);
    if (values.empty()) return;
    filters_.emplace_back([values, member](const Sandbox& sandbox) { return OneOf(values, member(sandbox)); });
  }

  void Range(std::string_view minimum, std::string_view maximum, std::int64_t Sandbox::*member, int least = 1) {
    if (const auto bound = ReadInteger(query_, minimum, least, {}, complaints_)) {
      filters_.emplace_back([bound = *bound, member](const Sandbox& sandbox) { return sandbox.*member >= bound; });
    }
    if (const auto bound = ReadInteger(query_, maximum, least, {}, complaints_)) {
      filters_.emplace_back([bound = *bound, member](const Sandbox& sandbox) { return sandbox.*member <= bound; });
    }
  }

  void Flag(std::string_view parameter, bool Sandbox::*member) {
    if (const auto value = query_.Get(parameter)) {
      filters_.emplace_back([wanted = *value == "true", member](const Sandbox& s) { return s.*member == wanted; });
    }
  }

  // `member` returns the time, or none.
  template <typename Member>
  void Between(std::string_view after, std::string_view before, Member member) {
    if (const auto bound = Time(after)) {
      filters_.emplace_back([bound = *bound, member](const Sandbox& sandbox) {
        const std::optional<WallTime> time = member(sandbox);
        return time.has_value() && *time >= bound;
      });
    }
    if (const auto bound = Time(before)) {
      filters_.emplace_back([bound = *bound, member](const Sandbox& sandbox) {
        const std::optional<WallTime> time = member(sandbox);
        return time.has_value() && *time <= bound;
      });
    }
  }

  std::vector<std::string>& complaints() { return complaints_; }
  std::optional<ApiError> Error() const {
    if (!complaints_.empty()) return BadRequest(absl::StrJoin(complaints_, ", "));
    if (labels_broken_) return BadRequest("Invalid labels JSON format");
    return std::nullopt;
  }
  bool Matches(const Sandbox& sandbox) const {
    return std::all_of(filters_.begin(), filters_.end(), [&](const Filter& filter) { return filter(sandbox); });
  }

 private:
  std::optional<WallTime> Time(std::string_view parameter) {
    const auto text = query_.Get(parameter);
    if (!text.has_value()) return std::nullopt;
    const auto time = ParseTime(*text);
    if (!time.has_value()) complaints_.push_back(absl::StrCat(AbslView(parameter), " must be a Date instance"));
    return time;
  }

  const QueryParams& query_;
  std::vector<Filter> filters_;
  std::vector<std::string> complaints_;
  bool labels_broken_ = false;
};

void ReadCommonFilters(FilterReader& reader) {
  reader.Prefix("id", &Sandbox::id);
  reader.Prefix("name", &Sandbox::name);
  reader.Labels();
  reader.States();
  reader.AnyOf("snapshots", [](const Sandbox& sandbox) { return sandbox.snapshot.value_or(""); });
  reader.Range("minCpu", "maxCpu", &Sandbox::cpu);
  reader.Range("minMemoryGiB", "maxMemoryGiB", &Sandbox::memory_gib);
  reader.Range("minDiskGiB", "maxDiskGiB", &Sandbox::disk_gib);
  reader.Between("lastEventAfter", "lastEventBefore", [](const Sandbox& sandbox) { return sandbox.last_activity; });
}

// What a list is sorted by.
Json SortValue(const Sandbox& sandbox, const std::string& field) {
  if (field == "name") return sandbox.name;
  if (field == "cpu") return sandbox.cpu;
  if (field == "memoryGib") return sandbox.memory_gib;
  if (field == "diskGib") return sandbox.disk_gib;
  if (field == "id") return sandbox.id;
  if (field == "state") return sandbox.state;
  if (field == "snapshot") return sandbox.snapshot.has_value() ? Json(*sandbox.snapshot) : Json();
  if (field == "region") return sandbox.target;
  if (field == "updatedAt") return FormatTime(sandbox.updated);
  if (field == "createdAt") return FormatTime(sandbox.created);
  return sandbox.last_activity.has_value() ? Json(FormatTime(*sandbox.last_activity)) : Json();
}

struct Row {
  Json value;
  SandboxPtr sandbox;
};

// Whether `a` comes before `b`. Sandboxes without the value come last; the id breaks ties.
bool Before(const Json& a, const std::string& a_id, const Json& b, const std::string& b_id, bool ascending) {
  if (a.is_null() != b.is_null()) return b.is_null();
  if (a != b) return ascending ? a < b : b < a;
  return ascending ? a_id < b_id : b_id < a_id;
}

struct Cursor {
  Json value;
  std::string id;
};

Outcome<std::optional<Cursor>> ReadCursor(const QueryParams& query) {
  const auto text = query.Get("cursor");
  if (!text.has_value() || text->empty()) return std::optional<Cursor>();
  std::string decoded;
  Json json;
  if (absl::Base64Unescape(*text, &decoded)) json = Json::parse(decoded, nullptr, /*allow_exceptions=*/false);
  if (!json.is_object() || !json.contains("sortValue") || !json.contains("id") || !json["id"].is_string()) {
    return BadRequest(absl::StrCat("Invalid cursor provided: ", *text));
  }
  return std::optional<Cursor>({json["sortValue"], json["id"].get<std::string>()});
}

std::string WriteCursor(const Row& last) {
  const Json json = {{"sortValue", last.value}, {"id", last.sandbox->id}};
  return absl::Base64Escape(ToText(json));
}

// Filters that a 0.190 server ignores.
void ReadNewerFilters(FilterReader& reader) {
  reader.Between("autoDestroyAtAfter", "autoDestroyAtBefore",
                 [](const Sandbox& sandbox) { return sandbox.auto_destroy; });
  reader.Range("minGpu", "maxGpu", &Sandbox::gpu, 0);
}

}  // namespace

Outcome<std::string> ListSandboxes(const QueryParams& query, ApiVersion version, const Sandboxes& sandboxes) {
  FilterReader reader(query);
  const auto limit_read = ReadInteger(query, "limit", 1, 200, reader.complaints());
  ReadCommonFilters(reader);
  reader.AnyOf("regionIds", [](const Sandbox& sandbox) { return sandbox.target; });
  reader.AllOneOf("sandboxClasses", SandboxClasses(version));
  reader.AnyOf("sandboxClasses", [](const Sandbox& sandbox) { return sandbox.sandbox_class; });
  reader.Flag("isPublic", &Sandbox::is_public);
  reader.Flag("isRecoverable", &Sandbox::recoverable);
  reader.Between("createdAtAfter", "createdAtBefore",
                 [](const Sandbox& sandbox) { return std::optional<WallTime>(sandbox.created); });
  if (version >= ApiVersion::k0_226) ReadNewerFilters(reader);
  const std::string field = query.Get("sort").value_or("lastActivityAt");
  const std::string order = query.Get("order").value_or("desc");
  static const std::vector<std::string> kFields = {"name",           "cpu",      "memoryGib", "diskGib",
                                                   "lastActivityAt", "createdAt"};
  if (const auto error = CheckOneOf("sort", field, kFields)) reader.complaints().push_back(error->message);
  if (const auto error = CheckOneOf("order", order, {"asc", "desc"})) reader.complaints().push_back(error->message);
  if (auto error = reader.Error()) return *error;
  const auto cursor = ReadCursor(query);
  if (!cursor.ok()) return cursor.error();
  const std::optional<Cursor>& from = *cursor;
  const bool ascending = order == "asc";

  std::vector<Row> rows;
  sandboxes.ForEach([&](const SandboxPtr& sandbox) {
    if (!reader.Matches(*sandbox)) return;
    Json value = SortValue(*sandbox, field);
    if (from.has_value() && !Before(from->value, from->id, value, sandbox->id, ascending)) return;
    rows.push_back({std::move(value), sandbox});
  });
  const auto limit = std::min(static_cast<std::size_t>(limit_read.value_or(100)), rows.size());
  std::partial_sort(
      rows.begin(), rows.begin() + static_cast<std::ptrdiff_t>(limit), rows.end(),
      [&](const Row& a, const Row& b) { return Before(a.value, a.sandbox->id, b.value, b.sandbox->id, ascending); });
  std::string items;
  for (std::size_t i = 0; i < limit; ++i) {
    absl::StrAppend(&items, i == 0 ? "" : ",", rows[i].sandbox->ToText(SandboxView::kListItem));
  }
  const bool more = rows.size() > limit;
  const std::string next = more ? QuotedJson(WriteCursor(rows[limit - 1])) : "null";
  return absl::StrCat("{\"items\":[", items, "],\"nextCursor\":", next, "}");
}

Outcome<Json> ListSandboxPages(const QueryParams& query, const Sandboxes& sandboxes) {
  FilterReader reader(query);
  ReadCommonFilters(reader);
  reader.AnyOf("regions", [](const Sandbox& sandbox) { return sandbox.target; });
  const std::string field = query.Get("sort").value_or("createdAt");
  const std::string order = query.Get("order").value_or("desc");
  static const std::vector<std::string> kFields = {"id",     "name",      "state",     "snapshot",
                                                   "region", "updatedAt", "createdAt", "lastActivityAt"};
  if (const auto error = CheckOneOf("sort", field, kFields)) reader.complaints().push_back(error->message);
  if (const auto error = CheckOneOf("order", order, {"asc", "desc"})) reader.complaints().push_back(error->message);
  if (auto error = reader.Error()) return *error;
  const auto page = ReadPage(query);
  if (!page.ok()) return page.error();
  std::vector<Row> rows;
  sandboxes.ForEach([&](const SandboxPtr& sandbox) {
    if (reader.Matches(*sandbox)) rows.push_back({SortValue(*sandbox, field), sandbox});
  });
  std::sort(rows.begin(), rows.end(), [ascending = order == "asc"](const Row& a, const Row& b) {
    return Before(a.value, a.sandbox->id, b.value, b.sandbox->id, ascending);
  });
  return ToPage(rows, *page, [](const Row& row) { return Json::parse(*row.sandbox->FullText()); });
}

}  // namespace daytonad::emulator
