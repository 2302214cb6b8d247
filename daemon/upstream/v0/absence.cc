#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "daemon/api/cursor_walk.h"
#include "daemon/base/absent.h"
#include "daemon/base/absl_view.h"
#include "daemon/base/error.h"
#include "daemon/base/ids.h"
#include "daemon/upstream/v0/rest_api.h"
#include "daemon/upstream/v0/transport/errors.h"
#include "daemon/upstream/v0/transport/refusals.h"

// Whether an object is there, by the list of its kind.
namespace daytonad {
namespace {

constexpr char kPageSize[] = "200";

// Of an item of a list, what tells which object it is.
struct Listed {
  std::string id;
  std::string name;
};

// One page of any of the lists.
struct Listing {
  std::vector<Listed> items;
  bool whole = true;  // every item was parsed
  std::string next_cursor;
  int32_t total_pages = 0;
};

absl::StatusOr<Listing> ReadListing(const Json& json) {
  const Json* items = json.is_array() ? &json : JsonFields(json).Find("items");
  if (items == nullptr || !items->is_array()) return ForeignResponse("a list has no `items`");
  if (items->size() > kMaxListItems) return TooManyInResponse("items", kMaxListItems);
  Listing listing;
  for (const Json& item : *items) {
    const JsonFields fields(item);
    listing.items.push_back({fields.String("id"), fields.String("name")});
    if (listing.items.back().id.empty()) listing.whole = false;
  }
  listing.next_cursor = JsonFields(json).String("nextCursor");
  listing.total_pages = JsonFields(json).Int32("totalPages").value_or(0);
  return listing;
}

std::string PathOf(Subject subject) {
  switch (subject) {
    case Subject::kSandbox:
      return "sandbox";
    case Subject::kSnapshot:
      return "snapshots";
    default:
      return "volumes";
  }
}

// The filter under which a list has the object if there is one: `by_id` looks for it by its id, else by its name.
RestRequest ListRequest(Subject subject, const std::string& object, bool by_id) {
  RestRequest request(HttpMethod::kGet, Idempotency::kRead, {PathOf(subject)});
  request.Lists();
  if (subject != Subject::kVolume) request.AddQuery("limit", kPageSize);
  if (subject == Subject::kSandbox) request.AddQuery(by_id ? "id" : "name", object);
  if (subject == Subject::kSnapshot && !by_id) request.AddQuery("name", object);
  return request;
}

// Names of sandboxes that the API's own routes hide from a GET. Its router does not mind the case.
bool IsRouteOfSandboxes(const std::string& name) {
  constexpr std::array<absl::string_view, 2> kRoutes = {"paginated", "for-runner"};
  return std::ranges::any_of(kRoutes, [&](absl::string_view route) { return absl::EqualsIgnoreCase(name, route); });
}

}  // namespace

Task<absl::StatusOr<std::optional<std::string>>> RestApi::FindListed(CallContext context, Subject subject,
                                                                     std::string object, bool by_id) {
  using Found = std::optional<std::string>;
  CursorWalk walk;
  std::string position;
  bool whole = true;
  do {
    RestRequest request = ListRequest(subject, object, by_id);
    const std::string parameter = subject == Subject::kSnapshot ? "page" : "cursor";
    if (!position.empty()) request.AddQuery(parameter, position);
    const absl::StatusOr<Listing> page = co_await client_.Fetch(context, std::move(request), ReadListing);
    if (!page.ok()) co_return page.status();
    for (const Listed& item : page->items) {
      if ((by_id ? item.id : item.name) == object) co_return Found(item.id);
    }
    whole = whole && page->whole;
    position = page->next_cursor;
    const int32_t next_page = walk.pages() + 2;
    if (subject == Subject::kSnapshot && next_page <= page->total_pages) position = std::to_string(next_page);
    if (absl::Status status = walk.Take(position, !page->items.empty()); !status.ok()) co_return status;
  } while (!position.empty());
  // The object may be among the items that could not be parsed.
  if (!whole) co_return ForeignResponse("an item of a list can't be parsed");
  co_return Found();
}

Task<absl::Status> RestApi::Confirmed(CallContext context, Subject subject, std::string object, absl::Status error) {
  if (!IsUnclearAbsence(error, subject, object)) co_return error;
  absl::StatusOr<std::optional<std::string>> found = std::optional<std::string>();
  if (LooksLikeUuid(object)) found = co_await FindListed(context, subject, object, /*by_id=*/true);
  // It may still be a name.
  if (found.ok() && !found->has_value()) found = co_await FindListed(context, subject, object, /*by_id=*/false);
  const std::string kind(KindOf(subject));
  if (found.ok() && !found->has_value()) {
    absl::Status absent = WithErrorMessage(error, StdView(AbsentError(kind, object).message()));
    co_return WithErrorMetadata(std::move(absent), "absent", kind);
  }
  ErrorMetadata metadata;
  for (const char* key : {"http_status", "upstream_path", "upstream_message"}) {
    if (const auto value = ErrorMetadataValue(error, key)) metadata[key] = *value;
  }
  metadata[kind + (LooksLikeUuid(object) ? "_id" : "_name")] = object;
  const std::string why = found.ok() ? "its list shows it" : "its list can't be parsed";
  absl::Status unclear = MakeError(
      absl::StatusCode::kUnavailable, "UPSTREAM_FOREIGN_ANSWER",
      absl::StrCat("It is unclear whether the ", kind, " `", object, "` exists: Daytona answered 404 with an ",
                   "unknown text, and ", why, ". Try again later."),
      metadata);
  co_return WithRetryDelay(std::move(unclear), std::chrono::seconds(1));
}

Task<absl::StatusOr<std::string>> RestApi::Reachable(CallContext context, std::string id_or_name) {
  if (!IsRouteOfSandboxes(id_or_name)) co_return id_or_name;
  absl::StatusOr<std::optional<std::string>> id =
      co_await FindListed(std::move(context), Subject::kSandbox, id_or_name, /*by_id=*/false);
  if (!id.ok()) co_return id.status();
  if (!id->has_value()) co_return AbsentError("sandbox", id_or_name, {{"sandbox_name", id_or_name}});
  co_return **std::move(id);
}

}  // namespace daytonad
