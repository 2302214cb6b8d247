#include "emulator/http/http.h"

#include <algorithm>
#include <boost/beast/http/status.hpp>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "daemon/base/absl_view.h"

namespace daytonad::emulator {
namespace {

std::string Chunk(std::string_view bytes) {
  return absl::StrCat(absl::Hex(bytes.size()), "\r\n", AbslView(bytes), "\r\n");
}

}  // namespace

std::string_view Request::Path() const { return std::string_view(target).substr(0, target.find('?')); }

std::string_view Request::Query() const {
  const auto mark = target.find('?');
  return mark == std::string::npos ? std::string_view() : std::string_view(target).substr(mark + 1);
}

std::string_view Request::Find(std::string_view name) const {
  for (const Header& header : headers) {
    if (absl::EqualsIgnoreCase(header.name, AbslView(name))) return header.value;
  }
  return {};
}

void Exchange::AddHeader(std::string_view name, std::string_view value) {
  absl::StrAppend(&extra_headers_, AbslView(name), ": ", AbslView(value), "\r\n");
}

std::string Exchange::Head(const Response& response, std::string_view framing) const {
  const auto reason =
      boost::beast::http::obsolete_reason(boost::beast::http::int_to_status(static_cast<unsigned>(response.status)));
  std::string head;
  head.reserve(512);
  absl::StrAppend(&head, "HTTP/1.1 ", response.status, " ", absl::string_view(reason.data(), reason.size()), "\r\n",
                  extra_headers_);
  for (const Header& header : response.headers) absl::StrAppend(&head, header.name, ": ", header.value, "\r\n");
  if (!response.content_type.empty()) absl::StrAppend(&head, "Content-Type: ", response.content_type, "\r\n");
  absl::StrAppend(&head, AbslView(framing), request_->keep_alive ? "" : "Connection: close\r\n", "\r\n");
  return head;
}

void Exchange::Reply(Response response) {
  if (const auto step = std::exchange(before_reply_, nullptr)) step(*request_, response);
  if (reply_hook_) {
    const ReplyHook hook = std::exchange(reply_hook_, nullptr);
    hook(shared_from_this(), std::move(response));
    return;
  }
  if (finished()) return;
  const std::size_t size = response.body == nullptr ? 0 : response.body->size();
  // 204 and 304 have neither body nor length; the answer to a HEAD has only the length.
  const bool lengthless = response.status == 204 || response.status == 304;
  const bool bodiless = lengthless || request_->method == "HEAD";
  const std::uint64_t length = bodiless ? response.head_length.value_or(size) : size;
  std::string head = Head(response, lengthless ? "" : absl::StrCat("Content-Length: ", length, "\r\n"));
  Answered(response.status);
  if (!bodiless && body_budget_.has_value() && *body_budget_ < size) {
    auto part = std::make_shared<const std::string>(response.body->substr(0, *body_budget_));
    transport_->Write(std::move(head), std::move(part));
    Finish(/*keep_connection=*/false);
    return;
  }
  transport_->Write(std::move(head), bodiless ? nullptr : std::move(response.body));
  Finish(request_->keep_alive);
}

void Exchange::BeginStream(Response head) {
  if (finished()) return;
  streaming_ = true;
  std::string text = Head(head, "Transfer-Encoding: chunked\r\n");
  Answered(head.status);
  transport_->Write(std::move(text), nullptr);
}

void Exchange::Write(std::string_view bytes) {
  if (finished() || bytes.empty()) return;
  bool cut = false;
  if (body_budget_.has_value()) {
    cut = bytes.size() > *body_budget_;
    bytes = bytes.substr(0, *body_budget_);
    *body_budget_ -= bytes.size();
  }
  if (!bytes.empty()) transport_->Write(Chunk(bytes), nullptr);
  if (cut) Finish(/*keep_connection=*/false);
}

void Exchange::EndStream() {
  if (finished()) return;
  transport_->Write("0\r\n\r\n", nullptr);
  Finish(request_->keep_alive);
}

void Exchange::Upgrade(Response head, std::function<void(std::string_view)> receiver) {
  if (finished()) return;
  head.status = 101;
  upgraded_ = true;
  transport_->Write(Head(head, ""), nullptr);
  transport_->Receive(std::move(receiver));
  Answered(head.status);
}

void Exchange::WriteRaw(std::shared_ptr<const std::string> bytes) {
  if (!finished()) transport_->Write("", std::move(bytes));
}

void Exchange::Abort() {
  if (finished()) return;
  Answered(0);
  on_gone_ = nullptr;
  // The transport releases this exchange.
  const auto self = shared_from_this();
  std::exchange(transport_, nullptr)->Abort();
}

void Exchange::Drop() {
  if (finished()) return;
  Answered(0);
  Finish(/*keep_connection=*/false);
}

void Exchange::ClientGone() {
  if (finished()) return;
  transport_ = nullptr;
  Answered(0);
  if (const auto callback = std::exchange(on_gone_, nullptr)) callback();
}

void Exchange::Answered(int status) {
  if (const auto callback = std::exchange(on_answered_, nullptr)) callback(status);
}

void Exchange::Finish(bool keep_connection) {
  on_gone_ = nullptr;
  // The transport releases this exchange in Finish.
  const auto self = shared_from_this();
  std::exchange(transport_, nullptr)->Finish(keep_connection);
}

}  // namespace daytonad::emulator
