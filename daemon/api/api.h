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

// Daytona's API, one method per upstream request, in the contract's own messages. It neither waits nor adds defaults,
// and hides HTTP. operations/ builds on it and does not know its implementations: upstream/ implements it over REST,
// and state/ decorates another implementation.
//
// Every error is AIP-193 (base/error.h). A parameter `id_or_name` takes either; the others take upstream's id only.
namespace daytonad {

// An image as upstream builds it: a Dockerfile, and the hashes of the build contexts that it copies from.
struct ImageBuild {
  std::string dockerfile;
  // Absent for a plain image reference, as the SDKs send it. May be empty for a Dockerfile.
  std::optional<std::vector<std::string>> context_hashes;
};

struct NewSandbox {
  // Its `source` is used only if it is a snapshot; an image to build is in `build`.
  v1::SandboxSpec spec;
  std::optional<ImageBuild> build;
};

struct SandboxListQuery {
  v1::SandboxFilter filter;
  v1::SandboxSortField sort = v1::SANDBOX_SORT_FIELD_UNSPECIFIED;
  v1::SortOrder order = v1::SORT_ORDER_UNSPECIFIED;
  // 0: upstream's default (100).
  int page_size = 0;
};

struct SandboxPage {
  // Items of a cursor list have VIEW_BASIC, those of a numbered page VIEW_FULL.
  std::vector<v1::Sandbox> items;
  // Empty on the last page.
  std::string next_cursor;
};

// Older lists have numbered pages.
struct PageTotals {
  int64_t total_size = 0;
  int page = 0;
  int total_pages = 0;
};

struct NumberedSandboxPage {
  std::vector<v1::Sandbox> items;
  std::optional<PageTotals> totals;  // absent if unknown
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
  // Its `source` is used only if it is an image reference; an image to build is in `build`.
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

// A stream of bytes that arrive as they are produced. Destroying it ends the transfer.
class ByteStream {
 public:
  virtual ~ByteStream() = default;

  // Returns the next bytes as soon as there are any; an empty string at the end.
  virtual Task<absl::StatusOr<std::string>> Read(CallContext context) = 0;
};

enum class LogOwner { kSandbox, kSnapshot };

class BuildLogApi {
 public:
  virtual ~BuildLogApi() = default;

  // Opens the build log of this sandbox or snapshot, from its beginning. With `follow` the stream stays open while the
  // build runs; upstream closes it after a successful build and leaves it open after a failed one. NOT_FOUND while
  // there is no log yet.
  virtual Task<absl::StatusOr<std::unique_ptr<ByteStream>>> OpenBuildLog(CallContext context, LogOwner owner,
                                                                         std::string id, bool follow) = 0;
};

// An upload of a build context. The context exists in the store only after Finish has returned OK. An upload that will
// not be finished must be aborted, with a context that has not ended; destroying it alone may leave parts behind.
class ContextUpload {
 public:
  virtual ~ContextUpload() = default;

  // Takes the next bytes of the tar, of any size. Buffers a few MiB at most, and returns when there is room for more.
  virtual Task<absl::Status> Write(CallContext context, std::string bytes) = 0;
  virtual Task<absl::Status> Finish(CallContext context) = 0;
  virtual Task<void> Abort(CallContext context) = 0;
};

// The storage of build contexts: uncompressed tars, each under its hash. It is opened for the contexts of one image,
// with credentials of its own that last for an hour.
class ContextStore {
 public:
  virtual ~ContextStore() = default;

  // The size of the context with this hash (0 if the store does not tell); nullopt if there is none.
  virtual Task<absl::StatusOr<std::optional<int64_t>>> Contains(CallContext context, std::string hash) = 0;
  // Starts an upload without sending anything yet. The store must outlive it.
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
  // OK if Daytona answers and accepts the credential.
  virtual Task<absl::Status> Ping(CallContext context) = 0;

  // Daytona's version as of its last answer; nullopt before the first one.
  virtual std::optional<ServerVersion> server_version() const = 0;
};

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_API_API_H_
