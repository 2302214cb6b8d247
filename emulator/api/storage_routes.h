#ifndef DAYTONAD_EMULATOR_API_STORAGE_ROUTES_H_
#define DAYTONAD_EMULATOR_API_STORAGE_ROUTES_H_

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "emulator/http/http.h"
#include "emulator/http/url.h"
#include "emulator/storage/storage.h"
#include "emulator/world/world.h"

namespace daytonad::emulator {

// The part of S3 that uploading build contexts needs, path style, under /_storage/.
class StorageRoutes {
 public:
  static constexpr std::string_view kPath = "/_storage";

  explicit StorageRoutes(World& world) : world_(world), storage_(world.storage) {}

  static bool Owns(std::string_view path);

  // Why the request is refused: its signature is invalid, or it carries a credential of Daytona's API.
  std::optional<StorageError> Refusal(const Request& request);
  // Answers an accepted request.
  void Serve(const std::shared_ptr<Exchange>& exchange);
  void ReplyError(const std::shared_ptr<Exchange>& exchange, const StorageError& error) const;

 private:
  struct Call;

  std::optional<StorageError> Dispatch(const Call& call);
  std::optional<StorageError> OnObject(const Call& call);
  std::optional<StorageError> OnUpload(const Call& call, const std::string& upload_id);
  std::optional<StorageError> List(const Call& call) const;
  std::optional<StorageError> PutObject(const Call& call);
  std::optional<StorageError> PutPart(const Call& call, MultipartUpload& upload);
  std::optional<StorageError> Complete(const Call& call, const std::string& upload_id);

  World& world_;
  Storage& storage_;
};

}  // namespace daytonad::emulator

#endif  // DAYTONAD_EMULATOR_API_STORAGE_ROUTES_H_
