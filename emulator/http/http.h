#ifndef DAYTONAD_EMULATOR_HTTP_HTTP_H_
#define DAYTONAD_EMULATOR_HTTP_HTTP_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "emulator/base/spool.h"

// One request and its answer, independent of sockets.
namespace daytonad::emulator {

struct Header {
  std::string name;
  std::string value;
};

// Describes a body that is too large to keep with its request.
struct SpooledBody {
  std::uint64_t size = 0;
  std::string sha256;  // lower-case hexadecimal
};

struct Request {
  std::string method;
  std::string target;  // as sent: path and query, percent-encoded
  std::vector<Header> headers;
  std::string body;
  std::optional<SpooledBody> spooled;  // replaces `body` where bodies are spooled; the exchange has the bytes
  bool cut = false;                    // a fault ended the body before its end
  bool keep_alive = true;
  bool from_loopback = true;

  std::string_view Path() const;
  std::string_view Query() const;  // what follows the '?'
  // The first header of that name, ignoring case; empty if there is none.
  std::string_view Find(std::string_view name) const;
};

struct Response {
  int status = 200;
  std::string content_type;  // empty: no Content-Type
  std::vector<Header> headers;
  std::shared_ptr<const std::string> body;   // null: empty
  std::optional<std::uint64_t> head_length;  // for a HEAD: the length that a GET would have sent
};

// The destination of an exchange's bytes.
class Transport {
 public:
  virtual ~Transport() = default;
  virtual void Write(std::string head, std::shared_ptr<const std::string> body) = 0;
  // Ends the answer. Closes the connection after the last byte, unless `keep_connection`.
  virtual void Finish(bool keep_connection) = 0;
  // From now on passes what the client sends, which is not HTTP any more, to `receiver`.
  virtual void Receive(std::function<void(std::string_view)> receiver) = 0;
  // Bytes written that the client's machine has not accepted yet.
  virtual std::size_t unsent() const = 0;
  // Closes the connection at once with a TCP RST, as a crash does.
  virtual void Abort() = 0;
};

// A request and its answer, which comes at once, later or in pieces. Used on the loop thread only.
class Exchange : public std::enable_shared_from_this<Exchange> {
 public:
  using ReplyHook = std::function<void(std::shared_ptr<Exchange>, Response)>;

  Exchange(Request request, std::shared_ptr<Transport> transport, std::shared_ptr<const Spool> spool = nullptr)
      : request_(std::make_shared<const Request>(std::move(request))),
        transport_(std::move(transport)),
        spool_(std::move(spool)) {}

  const Request& request() const { return *request_; }
  std::shared_ptr<const Request> shared_request() const { return request_; }
  // The body if it is spooled, else null.
  const std::shared_ptr<const Spool>& spool() const { return spool_; }
  bool streaming() const { return streaming_; }
  bool upgraded() const { return upgraded_; }
  // The client has gone or the answer is complete: later writes are ignored.
  bool finished() const { return transport_ == nullptr; }

  // Adds a header to the answer, whichever it will be.
  void AddHeader(std::string_view name, std::string_view value);

  void Reply(Response response);
  // Begins a chunked answer. Each Write sends one chunk at once.
  void BeginStream(Response head);
  void Write(std::string_view bytes);
  void EndStream();
  // Answers 101. From then on both sides speak another protocol, until Drop, Abort or the client ends it.
  void Upgrade(Response head, std::function<void(std::string_view)> receiver);
  // Sends bytes of the other protocol, which other connections may share.
  void WriteRaw(std::shared_ptr<const std::string> bytes);
  std::size_t unsent() const { return finished() ? 0 : transport_->unsent(); }
  // Closes the connection at once, as a crash does.
  void Abort();
  // Closes the connection without an answer, or without the rest of it.
  void Drop();

  // Sets a step that edits the answer before any hook. For what all answers of an API share.
  void BeforeReply(std::function<void(const Request&, Response&)> step) { before_reply_ = std::move(step); }
  // Passes the next Reply to the hook instead of sending it; the hook may call Reply again. For faults.
  void InterceptReply(ReplyHook hook) { reply_hook_ = std::move(hook); }
  // Closes the connection after this many bytes of the body.
  void CutBodyAfter(std::size_t bytes) { body_budget_ = bytes; }

  // Called once with the status when it is sent, or with 0 if none is ever sent.
  void OnAnswered(std::function<void(int)> callback) { on_answered_ = std::move(callback); }
  // Called once if the client goes away before the answer is complete.
  void OnClientGone(std::function<void()> callback) { on_gone_ = std::move(callback); }
  // Called by the connection.
  void ClientGone();

 private:
  std::string Head(const Response& response, std::string_view framing) const;
  void Answered(int status);
  void Finish(bool keep_connection);

  std::shared_ptr<const Request> request_;
  std::shared_ptr<Transport> transport_;
  std::shared_ptr<const Spool> spool_;
  std::string extra_headers_;
  bool streaming_ = false;
  bool upgraded_ = false;
  std::optional<std::size_t> body_budget_;
  std::function<void(const Request&, Response&)> before_reply_;
  ReplyHook reply_hook_;
  std::function<void(int)> on_answered_;
  std::function<void()> on_gone_;
};

}  // namespace daytonad::emulator

#endif  // DAYTONAD_EMULATOR_HTTP_HTTP_H_
