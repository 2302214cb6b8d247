#include "emulator/api/storage_routes.h"

#include <charconv>
#include <utility>
#include <variant>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "daemon/base/absl_view.h"
#include "emulator/base/identity.h"
#include "emulator/base/wire_time.h"
#include "emulator/storage/aws_chunked.h"
#include "emulator/storage/sigv4.h"
#include "emulator/storage/xml.h"

namespace daytonad::emulator {
namespace {

constexpr std::string_view kNamespace = "http://s3.amazonaws.com/doc/2006-03-01/";
constexpr int kMaxPartNumber = 10'000;
constexpr int kMaxListed = 1000;

StorageError AccessDenied() { return {403, "AccessDenied", "Access Denied"}; }
StorageError NoSuchKey(const std::string& key) {
  return {404, "NoSuchKey", "The specified key does not exist.", {{"Key", key}}};
}
StorageError NoSuchUpload(const std::string& id) {
  return {404,
          "NoSuchUpload",
          "The specified upload does not exist. The upload ID may be invalid, or the upload may have been aborted or "
          "completed.",
          {{"UploadId", id}}};
}
StorageError InvalidArgument(std::string message) { return {400, "InvalidArgument", std::move(message)}; }

std::string Quoted(std::string_view etag) { return absl::StrCat("\"", AbslView(etag), "\""); }

Response XmlResponse(int status, std::string_view content) {
  Response response;
  response.status = status;
  response.content_type = "application/xml";
  response.body = std::make_shared<const std::string>(
      absl::StrCat(R"(<?xml version="1.0" encoding="UTF-8"?>)", "\n", AbslView(content)));
  return response;
}

// The content of a PUT, decoded if it is chunked.
std::variant<SpoolPtr, StorageError> Content(const Exchange& exchange) {
  const Request& request = exchange.request();
  SpoolPtr body = exchange.spool() == nullptr ? std::make_shared<const Spool>() : exchange.spool();
  const std::string_view wanted = request.Find("x-amz-decoded-content-length");
  if (request.Find("Content-Length").empty() && wanted.empty()) {
    return StorageError{411, "MissingContentLength", "You must provide the Content-Length HTTP header."};
  }
  if (body->failed()) return StorageError{500, "InternalError", "We encountered an internal error. Please try again."};
  if (!request.Find("x-amz-content-sha256").starts_with("STREAMING-")) return body;
  body = DecodeAwsChunked(*body);
  if (body == nullptr || absl::StrCat(body->size()) != wanted) {
    return StorageError{400, "IncompleteBody",
                        "You did not provide the number of bytes specified by the Content-Length HTTP header."};
  }
  return body;
}

// The parts that a CompleteMultipartUpload names; nothing if it does not parse.
std::optional<std::vector<Storage::NamedPart>> NamedParts(std::string_view xml) {
  std::vector<Storage::NamedPart> parts;
  while (const auto part = NextXmlElement(xml, "Part")) {
    std::string_view rest = *part;
    const auto number = NextXmlElement(rest, "PartNumber");
    rest = *part;
    const auto etag = NextXmlElement(rest, "ETag");
    if (!number.has_value() || !etag.has_value()) return std::nullopt;
    int part_number = 0;
    if (!absl::SimpleAtoi(AbslView(*number), &part_number)) part_number = 0;
    parts.push_back({part_number, absl::StrReplaceAll(XmlUnescape(*etag), {{"\"", ""}})});
  }
  if (parts.empty()) return std::nullopt;
  return parts;
}

}  // namespace

struct StorageRoutes::Call {
  std::shared_ptr<Exchange> exchange;
  std::string bucket;
  std::string key;
  QueryParams query;

  const std::string& method() const { return exchange->request().method; }
};

bool StorageRoutes::Owns(std::string_view path) {
  if (!path.starts_with(kPath)) return false;
  return path.size() == kPath.size() || path[kPath.size()] == '/';
}

std::optional<StorageError> StorageRoutes::Refusal(const Request& request) {
  for (const Header& header : request.headers) {
    const bool bearer =
        absl::EqualsIgnoreCase(header.name, "authorization") && absl::StartsWithIgnoreCase(header.value, "bearer ");
    if (!bearer && !absl::StartsWithIgnoreCase(header.name, "x-daytona-")) continue;
    storage_.CountForeignCredential();
    return StorageError{
        400, "InvalidRequest",
        absl::StrCat("The header ", header.name, " is for Daytona's API, and must not be sent to object storage")};
  }
  return SignatureFault(request, storage_, world_.scheduler.Now());
}

void StorageRoutes::Serve(const std::shared_ptr<Exchange>& exchange) {
  absl::string_view path = AbslView(exchange->request().Path());
  absl::ConsumePrefix(&path, AbslView(kPath));
  absl::ConsumePrefix(&path, "/");
  const std::pair<std::string, std::string> parts = absl::StrSplit(path, absl::MaxSplits('/', 1));
  const Call call{exchange, DecodePath(parts.first), DecodePath(parts.second),
                  QueryParams(exchange->request().Query())};
  if (const auto error = Dispatch(call)) ReplyError(exchange, *error);
}

void StorageRoutes::ReplyError(const std::shared_ptr<Exchange>& exchange, const StorageError& error) const {
  std::string xml = absl::StrCat("<Error>", XmlElement("Code", error.code), XmlElement("Message", error.message));
  for (const auto& [name, text] : error.details) xml += XmlElement(name, text);
  const Request& request = exchange->request();
  absl::StrAppend(&xml, XmlElement("Resource", request.Path()), XmlElement("RequestId", NewToken(16)), "</Error>");
  exchange->Reply(XmlResponse(error.status, xml));
}

std::optional<StorageError> StorageRoutes::Dispatch(const Call& call) {
  if (call.bucket != kStorageBucket) {
    return StorageError{404, "NoSuchBucket", "The specified bucket does not exist", {{"BucketName", call.bucket}}};
  }
  const std::string own = absl::StrCat(AbslView(kOrganizationId), "/");
  if (call.key.empty()) {
    // The keys that push-access issues may list, get and put in their organization's folder.
    const bool listing = call.method() == "GET" && call.query.Get("list-type") == "2";
    if (!listing || !call.query.Get("prefix").value_or("").starts_with(own)) return AccessDenied();
    return List(call);
  }
  if (!call.key.starts_with(own)) return AccessDenied();
  if (const auto upload_id = call.query.Get("uploadId")) return OnUpload(call, *upload_id);
  return OnObject(call);
}

std::optional<StorageError> StorageRoutes::OnObject(const Call& call) {
  if (call.method() == "PUT") return PutObject(call);
  if (call.method() == "POST" && call.query.Get("uploads").has_value()) {
    call.exchange->Reply(XmlResponse(
        200, absl::StrCat("<InitiateMultipartUploadResult xmlns=\"", AbslView(kNamespace), "\">",
                          XmlElement("Bucket", call.bucket), XmlElement("Key", call.key),
                          XmlElement("UploadId", storage_.BeginUpload(call.key)), "</InitiateMultipartUploadResult>")));
    return std::nullopt;
  }
  if (call.method() != "GET" && call.method() != "HEAD") return AccessDenied();
  const StoredObject* const object = storage_.Find(call.key);
  if (object == nullptr) return NoSuchKey(call.key);
  Response response;
  response.content_type = "application/octet-stream";
  response.headers = {{"ETag", Quoted(object->etag)}, {"Last-Modified", FormatHttpTime(object->modified)}};
  response.head_length = object->size;
  if (call.method() == "GET") response.body = std::make_shared<const std::string>(object->ToString());
  call.exchange->Reply(std::move(response));
  return std::nullopt;
}

std::optional<StorageError> StorageRoutes::OnUpload(const Call& call, const std::string& upload_id) {
  MultipartUpload* const upload = storage_.FindUpload(upload_id, call.key);
  if (upload == nullptr) return NoSuchUpload(upload_id);
  if (call.method() == "PUT") return PutPart(call, *upload);
  if (call.method() == "POST") return Complete(call, upload_id);
  if (call.method() != "DELETE") return AccessDenied();
  storage_.AbortUpload(upload_id);
  Response response;
  response.status = 204;
  call.exchange->Reply(std::move(response));
  return std::nullopt;
}

std::optional<StorageError> StorageRoutes::List(const Call& call) const {
  const std::string prefix = call.query.Get("prefix").value_or("");
  int limit = 0;
  if (!absl::SimpleAtoi(call.query.Get("max-keys").value_or("1000"), &limit) || limit < 0) {
    return InvalidArgument("max-keys must be a number from 0 on");
  }
  const int max_keys = std::min(limit, kMaxListed);
  // A continuation token is the last key that was listed.
  const std::string after = call.query.Get("continuation-token").value_or(call.query.Get("start-after").value_or(""));
  std::string contents;
  std::string last;
  int count = 0;
  bool more = false;
  for (auto at = storage_.objects().lower_bound(prefix);
       at != storage_.objects().end() && at->first.starts_with(prefix); ++at) {
    if (at->first <= after) continue;
    if (count == max_keys) {
      more = max_keys > 0;
      break;
    }
    ++count;
    last = at->first;
    absl::StrAppend(&contents, "<Contents>", XmlElement("Key", at->first),
                    XmlElement("LastModified", FormatTime(at->second.modified)),
                    XmlElement("ETag", Quoted(at->second.etag)), XmlElement("Size", absl::StrCat(at->second.size)),
                    XmlElement("StorageClass", "STANDARD"), "</Contents>");
  }
  call.exchange->Reply(XmlResponse(
      200,
      absl::StrCat("<ListBucketResult xmlns=\"", AbslView(kNamespace), "\">", XmlElement("Name", call.bucket),
                   XmlElement("Prefix", prefix), XmlElement("KeyCount", absl::StrCat(count)),
                   XmlElement("MaxKeys", absl::StrCat(max_keys)), XmlElement("IsTruncated", more ? "true" : "false"),
                   contents, more ? XmlElement("NextContinuationToken", last) : "", "</ListBucketResult>")));
  return std::nullopt;
}

std::optional<StorageError> StorageRoutes::PutObject(const Call& call) {
  auto content = Content(*call.exchange);
  if (auto* const error = std::get_if<StorageError>(&content)) return std::move(*error);
  const SpoolPtr spool = std::get<SpoolPtr>(content);
  storage_.Put(call.key, {spool}, spool->Md5Hex());
  Response response;
  response.headers = {{"ETag", Quoted(spool->Md5Hex())}};
  call.exchange->Reply(std::move(response));
  return std::nullopt;
}

std::optional<StorageError> StorageRoutes::PutPart(const Call& call, MultipartUpload& upload) {
  int number = 0;
  if (!absl::SimpleAtoi(call.query.Get("partNumber").value_or(""), &number) || number < 1 || number > kMaxPartNumber) {
    return InvalidArgument("Part number must be an integer between 1 and 10000, inclusive");
  }
  auto content = Content(*call.exchange);
  if (auto* const error = std::get_if<StorageError>(&content)) return std::move(*error);
  const SpoolPtr spool = std::get<SpoolPtr>(content);
  upload.parts[number] = spool;
  Response response;
  response.headers = {{"ETag", Quoted(spool->Md5Hex())}};
  call.exchange->Reply(std::move(response));
  return std::nullopt;
}

std::optional<StorageError> StorageRoutes::Complete(const Call& call, const std::string& upload_id) {
  const auto parts = NamedParts(call.exchange->spool() == nullptr ? "" : call.exchange->spool()->ToString());
  if (!parts.has_value()) {
    return StorageError{400, "MalformedXML",
                        "The XML you provided was not well-formed or did not validate against our published schema"};
  }
  auto completed = storage_.CompleteUpload(upload_id, *parts);
  if (auto* const error = std::get_if<StorageError>(&completed)) return std::move(*error);
  const StoredObject& object = *std::get<const StoredObject*>(completed);
  call.exchange->Reply(XmlResponse(
      200, absl::StrCat("<CompleteMultipartUploadResult xmlns=\"", AbslView(kNamespace), "\">",
                        XmlElement("Location", absl::StrCat(world_.origin, AbslView(call.exchange->request().Path()))),
                        XmlElement("Bucket", call.bucket), XmlElement("Key", call.key),
                        XmlElement("ETag", Quoted(object.etag)), "</CompleteMultipartUploadResult>")));
  return std::nullopt;
}

}  // namespace daytonad::emulator
