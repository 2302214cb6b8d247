#ifndef DAYTONAD_TESTS_INTEGRATION_EMULATOR_CONTROL_H_
#define DAYTONAD_TESTS_INTEGRATION_EMULATOR_CONTROL_H_

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace daytonad::testing {

// The body of an error as Daytona writes it: without it an answer is taken for a proxy's.
inline nlohmann::json DaytonaError(int status, const std::string& message) {
  return {{"path", "/api/x"}, {"statusCode", status}, {"error", "Error"}, {"message", message}};
}

// The emulator's control routes (emulator/README.md).
class EmulatorControl {
 public:
  explicit EmulatorControl(std::string origin) : origin_(std::move(origin)) {}

  // `match` and `fault` as the emulator takes them.
  void AddFault(const nlohmann::json& match, const nlohmann::json& fault) const;
  void ClearFaults() const;
  // How often the faults still installed were applied.
  int strikes() const;

  // The requests since the last reset, each {method, path, query, headers, body, status, ...}.
  nlohmann::json Requests() const;
  // The number of requests with this method and `part` in the path.
  int CountRequests(const std::string& method, const std::string& part) const;
  void ResetRequests() const;

  int in_progress() const { return Connections("inProgress"); }
  // The same for one route: "GET /api/volumes".
  int in_progress(const std::string& method_and_path) const;
  int streams() const { return Connections("streams"); }
  int clients_gone() const { return Connections("clientsGone"); }

  // Requests whose body is still arriving: for example, an upload in progress.
  int incoming_bodies() const { return Connections("incomingBodies"); }

  // Object storage: {configured, objects: [{key, size, md5, etag, pieces}], uploads: [{uploadId, key, parts, size}],
  // foreignCredentials}. The last counts requests with a credential that is for Daytona's API only.
  nlohmann::json Storage() const;
  // The bytes of an object; the test fails if there is none.
  std::string StoredObject(const std::string& key) const;
  void ClearStorage() const;
  // If false, push-access answers 503 from now on.
  void SetStorageConfigured(bool configured) const;
  // Keys that push-access has issued are refused from now on.
  void ExpireStorageKeys() const;

  void ForceSandbox(const std::string& id, const nlohmann::json& change) const;
  void ForceSnapshot(const std::string& id, const nlohmann::json& change) const;
  // The state of many sandboxes: {ids: [...], state: ...} or {all: true, ...}.
  void ForceSandboxes(const nlohmann::json& change) const;

  // Event connections: {connections, joined, accepted, refused, sent, dropped, ...}.
  nlohmann::json Events() const;
  // Makes events fail: {cut, refuse, drop, duplicate, delay_ms, reorder, silent, ...}.
  void SetEvents(const nlohmann::json& faults) const;
  // {accept: [...], revoke: [...]}.
  void ChangeKeys(const nlohmann::json& keys) const;

 private:
  int Connections(const char* member) const;
  std::string SendForText(const std::string& method, const std::string& path, const std::string& body = "") const;
  nlohmann::json Send(const std::string& method, const std::string& path, const std::string& body = "") const;

  std::string origin_;
};

}  // namespace daytonad::testing

#endif  // DAYTONAD_TESTS_INTEGRATION_EMULATOR_CONTROL_H_
