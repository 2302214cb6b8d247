#ifndef DAYTONAD_DAEMON_API_TESTING_FAKE_API_H_
#define DAYTONAD_DAEMON_API_TESTING_FAKE_API_H_

#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "daemon/api/api.h"
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

// An Api for tests. The test lays out the answers, and each call is recorded ("GetSandbox a"). The last answer of a
// kind is repeated; without any answer, a call returns NOT_FOUND.
class FakeApi : public Api {
 public:
  template <typename T>
  class Answers {
   public:
    void Add(T answer) { answers_.push_back(std::move(answer)); }
    T Next() {
      if (answers_.empty()) return AbsentError("object", "for which no answer was laid out");
      T answer = answers_.front();
      if (answers_.size() > 1) answers_.pop_front();
      return answer;
    }

   private:
    std::deque<T> answers_;
  };

  std::vector<std::string> calls;
  std::vector<NewSandbox> new_sandboxes;
  std::vector<NewSnapshot> new_snapshots;
  std::vector<SandboxListQuery> sandbox_queries;

  Answers<absl::StatusOr<v1::Sandbox>> create_sandbox, get_sandbox, change_sandbox;
  Answers<absl::StatusOr<SandboxPage>> list_sandboxes;
  Answers<absl::StatusOr<NumberedSandboxPage>> list_sandboxes_by_page;
  Answers<absl::StatusOr<v1::Snapshot>> create_snapshot, get_snapshot, activate_snapshot;
  Answers<absl::StatusOr<SnapshotPage>> list_snapshots;
  Answers<absl::Status> change_snapshot;
  Answers<absl::StatusOr<v1::Volume>> create_volume, get_volume_by_id, get_volume_by_name;
  Answers<absl::StatusOr<std::vector<v1::Volume>>> list_volumes;
  Answers<absl::Status> delete_volume;
  // Makes the result of OpenContextStore.
  std::function<std::unique_ptr<ContextStore>()> context_store;
  // The results of OpenBuildLog: an error, or the pieces of a stream.
  Answers<absl::StatusOr<std::deque<absl::StatusOr<std::string>>>> build_log;
  // If set, streams with `follow` stall after their last piece.
  Clock* followed_logs_stand_still = nullptr;

  Task<absl::StatusOr<v1::Sandbox>> CreateSandbox(CallContext, NewSandbox sandbox) override {
    calls.emplace_back("CreateSandbox");
    new_sandboxes.push_back(std::move(sandbox));
    co_return create_sandbox.Next();
  }
  Task<absl::StatusOr<v1::Sandbox>> GetSandbox(CallContext, std::string id_or_name) override {
    calls.push_back("GetSandbox " + id_or_name);
    co_return get_sandbox.Next();
  }
  Task<absl::StatusOr<SandboxPage>> ListSandboxes(CallContext, SandboxListQuery query, std::string cursor) override {
    calls.push_back("ListSandboxes " + cursor);
    sandbox_queries.push_back(std::move(query));
    co_return list_sandboxes.Next();
  }
  Task<absl::StatusOr<NumberedSandboxPage>> ListSandboxesByPage(CallContext, SandboxListQuery query,
                                                                int page) override {
    calls.push_back("ListSandboxesByPage " + std::to_string(page));
    sandbox_queries.push_back(std::move(query));
    co_return list_sandboxes_by_page.Next();
  }
  Task<absl::StatusOr<v1::Sandbox>> StartSandbox(CallContext, std::string id_or_name) override {
    calls.push_back("StartSandbox " + id_or_name);
    co_return change_sandbox.Next();
  }
  Task<absl::StatusOr<v1::Sandbox>> StopSandbox(CallContext, std::string id_or_name, bool force) override {
    calls.push_back("StopSandbox " + id_or_name + (force ? " force" : ""));
    co_return change_sandbox.Next();
  }
  Task<absl::StatusOr<v1::Sandbox>> DeleteSandbox(CallContext, std::string id_or_name) override {
    calls.push_back("DeleteSandbox " + id_or_name);
    co_return change_sandbox.Next();
  }

  Task<absl::StatusOr<v1::Snapshot>> CreateSnapshot(CallContext, NewSnapshot snapshot) override {
    calls.emplace_back("CreateSnapshot");
    new_snapshots.push_back(std::move(snapshot));
    co_return create_snapshot.Next();
  }
  Task<absl::StatusOr<v1::Snapshot>> GetSnapshot(CallContext, std::string id_or_name) override {
    calls.push_back("GetSnapshot " + id_or_name);
    co_return get_snapshot.Next();
  }
  Task<absl::StatusOr<SnapshotPage>> ListSnapshots(CallContext, SnapshotListQuery, int page) override {
    calls.push_back("ListSnapshots " + std::to_string(page));
    co_return list_snapshots.Next();
  }
  Task<absl::StatusOr<v1::Snapshot>> ActivateSnapshot(CallContext, std::string id) override {
    calls.push_back("ActivateSnapshot " + id);
    co_return activate_snapshot.Next();
  }
  Task<absl::Status> DeactivateSnapshot(CallContext, std::string id) override {
    calls.push_back("DeactivateSnapshot " + id);
    co_return change_snapshot.Next();
  }
  Task<absl::Status> DeleteSnapshot(CallContext, std::string id) override {
    calls.push_back("DeleteSnapshot " + id);
    co_return change_snapshot.Next();
  }

  Task<absl::StatusOr<v1::Volume>> CreateVolume(CallContext, std::string name) override {
    calls.push_back("CreateVolume " + name);
    co_return create_volume.Next();
  }
  Task<absl::StatusOr<v1::Volume>> GetVolumeById(CallContext, std::string id) override {
    calls.push_back("GetVolumeById " + id);
    co_return get_volume_by_id.Next();
  }
  Task<absl::StatusOr<v1::Volume>> GetVolumeByName(CallContext, std::string name) override {
    calls.push_back("GetVolumeByName " + name);
    co_return get_volume_by_name.Next();
  }
  Task<absl::StatusOr<std::vector<v1::Volume>>> ListVolumes(CallContext, bool) override {
    calls.emplace_back("ListVolumes");
    co_return list_volumes.Next();
  }
  Task<absl::Status> DeleteVolume(CallContext, std::string id) override {
    calls.push_back("DeleteVolume " + id);
    co_return delete_volume.Next();
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
};

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_API_TESTING_FAKE_API_H_
