#include "tests/integration/emulator_control.h"

#include <curl/curl.h>
#include <gtest/gtest.h>

namespace daytonad::testing {
namespace {

size_t Append(char* data, size_t size, size_t count, void* text) {
  static_cast<std::string*>(text)->append(data, size * count);
  return size * count;
}

}  // namespace

std::string EmulatorControl::SendForText(const std::string& method, const std::string& path,
                                         const std::string& body) const {
  CURL* curl = curl_easy_init();
  std::string answer;
  const std::string url = origin_ + "/_emulator/" + path;
  curl_easy_setopt(curl, CURLOPT_URL, url.c_str());
  curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, method.c_str());
  curl_easy_setopt(curl, CURLOPT_NOPROXY, "*");
  if (!body.empty()) curl_easy_setopt(curl, CURLOPT_POSTFIELDS, body.c_str());
  curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, Append);
  curl_easy_setopt(curl, CURLOPT_WRITEDATA, &answer);
  const CURLcode code = curl_easy_perform(curl);
  long status = 0;
  curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
  curl_easy_cleanup(curl);
  EXPECT_EQ(code, CURLE_OK) << url << ": " << curl_easy_strerror(code);
  EXPECT_LT(status, 300) << url << ": " << answer;
  return answer;
}

nlohmann::json EmulatorControl::Send(const std::string& method, const std::string& path,
                                     const std::string& body) const {
  const std::string answer = SendForText(method, path, body);
  return answer.empty() ? nlohmann::json() : nlohmann::json::parse(answer, nullptr, false);
}

void EmulatorControl::AddFault(const nlohmann::json& match, const nlohmann::json& fault) const {
  Send("POST", "faults", nlohmann::json{{"match", match}, {"fault", fault}}.dump());
}
void EmulatorControl::ClearFaults() const { Send("DELETE", "faults"); }

int EmulatorControl::strikes() const {
  int strikes = 0;
  for (const nlohmann::json& fault : Send("GET", "faults")) strikes += fault.at("matched").get<int>();
  return strikes;
}

nlohmann::json EmulatorControl::Requests() const { return Send("GET", "requests").at("requests"); }
void EmulatorControl::ResetRequests() const { Send("DELETE", "requests"); }

int EmulatorControl::CountRequests(const std::string& method, const std::string& part) const {
  int count = 0;
  for (const nlohmann::json& request : Requests()) {
    const bool matches = request.at("path").get<std::string>().find(part) != std::string::npos;
    if (request.at("method") == method && matches) ++count;
  }
  return count;
}

int EmulatorControl::Connections(const char* member) const { return Send("GET", "connections").at(member).get<int>(); }

int EmulatorControl::in_progress(const std::string& method_and_path) const {
  return Send("GET", "connections").at("inProgressByPath").value(method_and_path, 0);
}

nlohmann::json EmulatorControl::Storage() const { return Send("GET", "storage"); }
std::string EmulatorControl::StoredObject(const std::string& key) const {
  return SendForText("GET", "storage/object?key=" + key);
}
void EmulatorControl::ClearStorage() const { Send("DELETE", "storage"); }
void EmulatorControl::SetStorageConfigured(bool configured) const {
  Send("POST", "storage", nlohmann::json{{"configured", configured}}.dump());
}
void EmulatorControl::ExpireStorageKeys() const { Send("POST", "storage", R"({"expireKeys": true})"); }

void EmulatorControl::ForceSandbox(const std::string& id, const nlohmann::json& change) const {
  Send("POST", "sandboxes/" + id, change.dump());
}
void EmulatorControl::ForceSnapshot(const std::string& id, const nlohmann::json& change) const {
  Send("POST", "snapshots/" + id, change.dump());
}
void EmulatorControl::ForceSandboxes(const nlohmann::json& change) const { Send("POST", "sandboxes", change.dump()); }

nlohmann::json EmulatorControl::Events() const { return Send("GET", "events"); }
void EmulatorControl::SetEvents(const nlohmann::json& faults) const { Send("POST", "events", faults.dump()); }
void EmulatorControl::ChangeKeys(const nlohmann::json& keys) const { Send("POST", "keys", keys.dump()); }

}  // namespace daytonad::testing
