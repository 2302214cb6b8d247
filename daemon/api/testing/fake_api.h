#ifndef DAYTONAD_DAEMON_API_TESTING_FAKE_API_H_
#define DAYTONAD_DAEMON_API_TESTING_FAKE_API_H_

#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "daemon/api/generic_api.h"
#include "daemon/base/absent.h"
#include "daemon/base/clock.h"
#include "daemon/base/event.h"

namespace daytonad {

// A stream with the pieces that a test gives: bytes or errors, then the end. With a clock it has no end: like a log
// that is still being written, it stalls after its last piece until the call ends.
class FakeByteStream final : public ByteStream {
 public:
  explicit FakeByteStream(std::deque<absl::StatusOr<std::string>> pieces, Clock* stands_still = nullptr)
      : pieces_(std::move(pieces)), clock_(stands_still) {}

  Task<absl::StatusOr<std::string>> Read(CallContext context) override {
    if (pieces_.empty()) {
      if (clock_ == nullptr) co_return std::string();
      co_return co_await more_.Wait(*clock_, std::move(context));
    }
    absl::StatusOr<std::string> piece = std::move(pieces_.front());
    pieces_.pop_front();
    co_return piece;
  }

 private:
  std::deque<absl::StatusOr<std::string>> pieces_;
  Clock* const clock_;
  Event more_;  // never fired
};

// An Api for tests. The test lays out the answers, and each call is recorded:
//
//   api.answers<GetSandbox>().Add(sandbox);
//   ...
//   EXPECT_THAT(api.calls, ElementsAre("GetSandbox a"));
//
// The last answer of an operation is repeated; without any answer, a call returns NOT_FOUND.
class FakeApi : public GenericApi<FakeApi> {
 public:
  template <typename T>
  class Answers {
   public:
    void Add(T answer) { answers_.push_back(std::move(answer)); }
    T Next() {
      if (answers_.empty()) return AbsentError("object", "for which no answer was laid out");
      const T& answer = answers_[next_];
      if (next_ + 1 < answers_.size()) ++next_;
      return answer;
    }

   private:
    std::vector<T> answers_;
    size_t next_ = 0;
  };

  template <typename Op>
  Answers<typename Op::Result>& answers() {
    return std::get<Script<Op>>(scripts_).answers;
  }
  // The operations that were called, oldest first.
  template <typename Op>
  const std::vector<Op>& sent() const {
    return std::get<Script<Op>>(scripts_).sent;
  }

  // All calls: the operation's name, and the object's key, or the position in a list.
  std::vector<std::string> calls;
  // Makes the result of OpenContextStore.
  std::function<std::unique_ptr<ContextStore>()> context_store;
  // The results of OpenBuildLog: an error, or the pieces of a stream.
  Answers<absl::StatusOr<std::deque<absl::StatusOr<std::string>>>> build_log;
  // If set, streams with `follow` stall after their last piece.
  Clock* followed_logs_stand_still = nullptr;

  template <typename Op>
  Task<typename Op::Result> RunAny(CallContext, Op op) {
    Record(op);
    auto& script = std::get<Script<Op>>(scripts_);
    script.sent.push_back(std::move(op));
    co_return script.answers.Next();
  }

  Task<absl::StatusOr<std::unique_ptr<ByteStream>>> OpenBuildLog(CallContext, LogOwner owner, std::string id,
                                                                 bool follow) override {
    calls.push_back(std::string("OpenBuildLog ") + (owner == LogOwner::kSandbox ? "sandbox " : "snapshot ") + id +
                    (follow ? " follow" : ""));
    absl::StatusOr<std::deque<absl::StatusOr<std::string>>> pieces = build_log.Next();
    if (!pieces.ok()) co_return pieces.status();
    Clock* const stands_still = follow ? followed_logs_stand_still : nullptr;
    std::unique_ptr<ByteStream> stream = std::make_unique<FakeByteStream>(*std::move(pieces), stands_still);
    co_return stream;
  }
  Task<absl::StatusOr<std::unique_ptr<ContextStore>>> OpenContextStore(CallContext) override {
    calls.emplace_back("OpenContextStore");
    if (context_store == nullptr) co_return absl::FailedPreconditionError("no store was given");
    co_return context_store();
  }
  Task<absl::Status> Ping(CallContext) override { co_return absl::OkStatus(); }

  std::optional<ServerVersion> version;
  std::optional<ServerVersion> server_version() const override { return version; }

 protected:
  template <typename Op>
  void Record(const Op& op) {
    const OperationInfo& info = op.info();
    std::string call(info.name);
    if constexpr (requires { op.cursor; }) {
      call += " " + op.cursor;
    } else if constexpr (requires { op.page; }) {
      call += " " + std::to_string(op.page);
    } else if (info.role != OperationRole::kCreate && !info.key.empty()) {
      call += " " + info.key;
    }
    calls.push_back(std::move(call));
  }

 private:
  template <typename Op>
  struct Script {
    Answers<typename Op::Result> answers;
    std::vector<Op> sent;
  };
  template <typename... Ops>
  static std::tuple<Script<Ops>...> ScriptsOf(const std::tuple<Ops...>*);

  decltype(ScriptsOf(static_cast<const Operations*>(nullptr))) scripts_;
};

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_API_TESTING_FAKE_API_H_
