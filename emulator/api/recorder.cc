#include "emulator/api/recorder.h"

#include <cerrno>
#include <cstring>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "emulator/base/wire_time.h"
#include "emulator/http/url.h"

namespace daytonad::emulator {
namespace {

constexpr std::size_t kMaxEntries = 10'000;
constexpr std::size_t kMaxBodyBytes = 32 * 1024 * 1024;

Json Headers(const Request& request, Credential credential) {
  Json headers = Json::object();
  for (const Header& header : request.headers) {
    const std::string name = absl::AsciiStrToLower(header.name);
    if (name == "authorization" || name == "x-amz-security-token") {
      headers[name] = credential == Credential::kAccepted ? "(correct)" : "(wrong)";
    } else if (headers.contains(name)) {
      headers[name] = absl::StrCat(headers[name].get<std::string>(), ", ", header.value);
    } else {
      headers[name] = header.value;
    }
  }
  return headers;
}

}  // namespace

Json Recorder::Entry::ToJson() const {
  Json query = Json::array();
  const QueryParams params(request->Query());
  for (const auto& [name, value] : params.pairs()) query.push_back({name, value});
  Json body;
  if (request->spooled.has_value()) {
    if (request->spooled->size > 0) body = {{"size", request->spooled->size}, {"sha256", request->spooled->sha256}};
  } else if (!request->body.empty()) {
    body = Json::parse(request->body, nullptr, /*allow_exceptions=*/false);
    if (body.is_discarded()) body = request->body;
  }
  return {{"seq", seq},
          {"time", FormatTime(time)},
          {"method", request->method},
          {"path", request->Path()},
          {"query", std::move(query)},
          {"headers", Headers(*request, credential)},
          {"body", std::move(body)},
          {"status", status < 0 ? Json() : Json(status)}};
}

Recorder::~Recorder() {
  if (file_ != nullptr) std::fclose(file_);
}

absl::Status Recorder::OpenFile(const std::string& path) {
  file_ = std::fopen(path.c_str(), "ae");
  if (file_ == nullptr) {
    return absl::InvalidArgumentError(absl::StrCat("cannot write to \"", path, "\": ", std::strerror(errno)));
  }
  return absl::OkStatus();
}

std::shared_ptr<Recorder::Entry> Recorder::Begin(std::shared_ptr<const Request> request, Credential credential,
                                                 WallTime now) {
  auto entry = std::make_shared<Entry>();
  entry->seq = next_seq_++;
  entry->time = now;
  entry->request = std::move(request);
  entry->credential = credential;
  ++total_;
  ++by_method_[entry->request->method];
  body_bytes_ += entry->request->body.size();
  entries_.push_back(entry);
  while (entries_.size() > kMaxEntries || (body_bytes_ > kMaxBodyBytes && entries_.size() > 1)) {
    body_bytes_ -= entries_.front()->request->body.size();
    entries_.pop_front();
  }
  return entry;
}

void Recorder::End(Entry& entry, int status) {
  entry.status = status;
  ++by_status_[status];
  if (file_ == nullptr) return;
  const std::string line = ToText(entry.ToJson()) + "\n";
  std::fwrite(line.data(), 1, line.size(), file_);
  std::fflush(file_);
}

Json Recorder::ToJson(std::uint64_t since) const {
  Json requests = Json::array();
  for (const auto& entry : entries_) {
    if (entry->seq > since) requests.push_back(entry->ToJson());
  }
  Json by_status = Json::object();
  for (const auto& [status, count] : by_status_) by_status[absl::StrCat(status)] = count;
  return {{"requests", std::move(requests)},
          {"total", total_},
          {"dropped", total_ - entries_.size()},
          {"byMethod", by_method_},
          {"byStatus", std::move(by_status)}};
}

void Recorder::Reset() {
  entries_.clear();
  by_method_.clear();
  by_status_.clear();
  total_ = 0;
  body_bytes_ = 0;
}

}  // namespace daytonad::emulator
