#ifndef DAYTONAD_DAEMON_API_API_H_
#define DAYTONAD_DAEMON_API_API_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "daemon/api/server_version.h"
#include "daemon/base/call_context.h"
#include "daemon/base/task.h"
#include "daytonad/v1/sandbox.pb.h"
#include "daytonad/v1/snapshot.pb.h"
#include "daytonad/v1/volume.pb.h"

// What Daytona can do, one method per upstream request, in the contract's own messages. No waiting, no defaults of
// ours, no HTTP: operations/ builds on this and knows nothing of what is behind it. upstream/ implements it over REST,
// and state/ by decorating another implementation.
//
// Every error is AIP-193 (base/error.h). Names that take an id or a name say so; the others take upstream's id only.
namespace daytonad {

// What an image comes down to: a Dockerfile, and the hashes of the contexts that it copies from.
struct ImageBuild {
  std::string dockerfile;
  // Absent for a plain image reference (as the SDKs send it), perhaps empty for a Dockerfile.
  std::optional<std::vector<std::string>> context_hashes;
};

struct NewSandbox {
  // Its `source` is used if it is a snapshot; whatever is to be built is in `build`.
  v1::SandboxSpec spec;
  std::optional<ImageBuild> build;
};

struct SandboxListQuery {
  v1::SandboxFilter filter;
  v1::SandboxSortField sort = v1::SANDBOX_SORT_FIELD_UNSPECIFIED;
  v1::SortOrder order = v1::SORT_ORDER_UNSPECIFIED;
  // 0 leaves it to upstream (100).
  int page_size = 0;
};

struct SandboxPage {
  // Items of a cursor list are BASIC, of a numbered page FULL.
  std::vector<v1::Sandbox> items;
  // Empty on the last page.
  std::string next_cursor;
};

// The older lists count their pages.
struct PageTotals {
  int64_t total_size = 0;
  int page = 0;
  int total_pages = 0;
};

struct NumberedSandboxPage {
  std::vector<v1::Sandbox> items;
  std::optional<PageTotals> totals;  // unless they are not known
};

class SandboxApi {
 public:
  virtual ~SandboxApi() = default;

  virtual Task<absl::StatusOr<v1::Sandbox>> CreateSandbox(CallContext context, NewSandbox sandbox) = 0;
  virtual Task<absl::StatusOr<v1::Sandbox>> GetSandbox(CallContext context, std::string id_or_name) = 0;
  virtual Task<absl::StatusOr<SandboxPage>> ListSandboxes(CallContext context, SandboxListQuery query,
                                                          std::string cursor) = 0;
  // `page` counts from 1.
  virtual Task<absl::StatusOr<NumberedSandboxPage>> ListSandboxesByPage(CallContext context, SandboxListQuery query,
                                                                        int page) = 0;
  virtual Task<absl::StatusOr<v1::Sandbox>> StartSandbox(CallContext context, std::string id_or_name) = 0;
  virtual Task<absl::StatusOr<v1::Sandbox>> StopSandbox(CallContext context, std::string id_or_name, bool force) = 0;
  virtual Task<absl::StatusOr<v1::Sandbox>> DeleteSandbox(CallContext context, std::string id_or_name) = 0;
};

struct NewSnapshot {
  // Its `source` is used if it is an image reference; whatever is to be built is in `build`.
  v1::SnapshotSpec spec;
  std::optional<ImageBuild> build;
};

struct SnapshotListQuery {
  std::string name;
  std::string source_sandbox;
  v1::SnapshotSortField sort = v1::SNAPSHOT_SORT_FIELD_UNSPECIFIED;
  v1::SortOrder order = v1::SORT_ORDER_UNSPECIFIED;
  // 0 leaves it to upstream (100).
  int page_size = 0;
};

struct SnapshotPage {
  std::vector<v1::Snapshot> items;
  PageTotals totals;
};

class SnapshotApi {
 public:
  virtual ~SnapshotApi() = default;

  virtual Task<absl::StatusOr<v1::Snapshot>> CreateSnapshot(CallContext context, NewSnapshot snapshot) = 0;
  virtual Task<absl::StatusOr<v1::Snapshot>> GetSnapshot(CallContext context, std::string id_or_name) = 0;
  // `page` counts from 1.
  virtual Task<absl::StatusOr<SnapshotPage>> ListSnapshots(CallContext context, SnapshotListQuery query, int page) = 0;
  virtual Task<absl::StatusOr<v1::Snapshot>> ActivateSnapshot(CallContext context, std::string id) = 0;
  virtual Task<absl::Status> DeactivateSnapshot(CallContext context, std::string id) = 0;
  virtual Task<absl::Status> DeleteSnapshot(CallContext context, std::string id) = 0;
};

class VolumeApi {
 public:
  virtual ~VolumeApi() = default;

  virtual Task<absl::StatusOr<v1::Volume>> CreateVolume(CallContext context, std::string name) = 0;
  virtual Task<absl::StatusOr<v1::Volume>> GetVolumeById(CallContext context, std::string id) = 0;
  virtual Task<absl::StatusOr<v1::Volume>> GetVolumeByName(CallContext context, std::string name) = 0;
  virtual Task<absl::StatusOr<std::vector<v1::Volume>>> ListVolumes(CallContext context, bool include_deleted) = 0;
  virtual Task<absl::Status> DeleteVolume(CallContext context, std::string id) = 0;
};

// Bytes that arrive while they are produced. Destroying it ends the transfer.
class ByteStream {
 public:
  virtual ~ByteStream() = default;

  // The next bytes, as soon as there are any; empty at the end.
  virtual Task<absl::StatusOr<std::string>> Read(CallContext context) = 0;
};

enum class LogOwner { kSandbox, kSnapshot };

class BuildLogApi {
 public:
  virtual ~BuildLogApi() = default;

  // The build log from its beginning, of what has this id. With `follow` the stream goes on while the build does;
  // upstream closes it when the build succeeded and leaves it open when it failed. NOT_FOUND while there is no log yet.
  virtual Task<absl::StatusOr<std::unique_ptr<ByteStream>>> OpenBuildLog(CallContext context, LogOwner owner,
                                                                         std::string id, bool follow) = 0;
};

// A build context on its way into the store. Nothing exists under its hash before Finish has answered OK. One that will
// not be finished is aborted, with a context that still lives; destroying it alone may leave unfinished parts behind.
class ContextUpload {
 public:
  virtual ~ContextUpload() = default;

  // The next bytes of the tar, of any size. Keeps a few MiB at most, and returns when there is room for more.
  virtual Task<absl::Status> Write(CallContext context, std::string bytes) = 0;
  virtual Task<absl::Status> Finish(CallContext context) = 0;
  virtual Task<void> Abort(CallContext context) = 0;
};

// Where build contexts are kept: uncompressed tars, each under its hash. Opened with credentials of its own that last
// for an hour, for the contexts of one image.
class ContextStore {
 public:
  virtual ~ContextStore() = default;

  // How many bytes it has under this hash (0 if it does not tell); nullopt if it has nothing.
  virtual Task<absl::StatusOr<std::optional<int64_t>>> Contains(CallContext context, std::string hash) = 0;
  // Sends nothing yet. The upload may be used no longer than the store.
  virtual std::unique_ptr<ContextUpload> Upload(std::string hash) = 0;
};

class BuildContextApi {
 public:
  virtual ~BuildContextApi() = default;

  // FAILED_PRECONDITION (NO_CONTEXT_STORE) if this upstream has none.
  virtual Task<absl::StatusOr<std::unique_ptr<ContextStore>>> OpenContextStore(CallContext context) = 0;
};

class Api : public SandboxApi, public SnapshotApi, public VolumeApi, public BuildLogApi, public BuildContextApi {
 public:
  // Does Daytona answer, and accept the credential?
  virtual Task<absl::Status> Ping(CallContext context) = 0;

  // What its last answer said that it is; nullopt as long as none did.
  virtual std::optional<ServerVersion> server_version() const = 0;
};

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_API_API_H_
