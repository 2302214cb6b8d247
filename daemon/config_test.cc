#include "daemon/config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <string>
#include <vector>

#include "absl/strings/str_format.h"
#include "daemon/base/absl_view.h"

namespace daytonad {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

// An environment as a process has it: writable "NAME=value" entries and a null pointer.
class FakeEnvironment {
 public:
  explicit FakeEnvironment(std::vector<std::string> entries) : entries_(std::move(entries)) {
    for (std::string& entry : entries_) pointers_.push_back(entry.data());
    pointers_.push_back(nullptr);
  }
  char** get() { return pointers_.data(); }
  // The bytes of an entry as they are in memory now, whether or not the environment still lists it.
  const std::string& bytes(size_t index) const { return entries_[index]; }
  std::vector<std::string> listed() const {
    std::vector<std::string> names;
    for (size_t i = 0; pointers_[i] != nullptr; ++i) names.emplace_back(pointers_[i]);
    return names;
  }

 private:
  std::vector<std::string> entries_;
  std::vector<char*> pointers_;
};

constexpr char kKey[] = "DAYTONA_API_KEY=dtn_secret";

absl::StatusOr<Config> Load(const std::vector<std::string>& flags, std::vector<std::string> environment = {kKey}) {
  std::vector<const char*> argv = {"daytonad"};
  for (const std::string& flag : flags) argv.push_back(flag.c_str());
  FakeEnvironment fake(std::move(environment));
  return LoadConfig(static_cast<int>(argv.size()), argv.data(), fake.get());
}

std::string ErrorOf(const std::vector<std::string>& flags, std::vector<std::string> environment = {kKey}) {
  const absl::StatusOr<Config> config = Load(flags, std::move(environment));
  if (config.ok()) return "it was accepted";
  EXPECT_THAT(StdView(config.status().message()), Not(HasSubstr("\n")));
  return std::string(config.status().message());
}

class ConfigFile : public ::testing::Test {
 protected:
  ConfigFile() {
    std::string pattern = (std::filesystem::temp_directory_path() / "daytonad-config-XXXXXX").string();
    directory_ = ::mkdtemp(pattern.data());
    path_ = directory_ + "/daytonad.yaml";
  }
  ~ConfigFile() override { std::filesystem::remove_all(directory_); }

  // The flag that names a file with this content.
  std::string With(const std::string& content) {
    std::ofstream(path_) << content;
    return "--config=" + path_;
  }

  std::string directory_;
  std::string path_;
};

TEST(Config, NeedsNothingButACredential) {
  const absl::StatusOr<Config> config = Load({});
  ASSERT_TRUE(config.ok()) << config.status();
  EXPECT_EQ(config->action, Config::Action::kRun);
  EXPECT_EQ(config->backend.api_url, "https://app.daytona.io/api");
  ASSERT_TRUE(config->backend.credential.has_value());
  EXPECT_EQ(config->backend.credential->token.Reveal(), "dtn_secret");
  EXPECT_EQ(config->backend.target, "");
  EXPECT_EQ(config->max_wait, std::chrono::hours(24));
  EXPECT_EQ(config->max_queue_wait, std::chrono::minutes(5));
  EXPECT_EQ(config->max_stall, std::chrono::seconds(60));
  EXPECT_EQ(config->max_loop_stall, std::chrono::seconds(30));
  EXPECT_EQ(config->backend.request_timeout, std::chrono::seconds(60));
  EXPECT_EQ(config->drain_timeout, std::chrono::seconds(25));
  EXPECT_EQ(config->health_interval, std::chrono::seconds(30));
  EXPECT_EQ(config->backend.max_connections, 250);
  EXPECT_EQ(config->backend.max_creates, 250);
  EXPECT_EQ(config->backend.max_streams, 1000);
  EXPECT_THAT(config->context_roots, IsEmpty());
  EXPECT_EQ(config->spool_dir, "");
  EXPECT_EQ(config->backend.state_dir, "");
  EXPECT_EQ(config->spool_limit, int64_t{2} << 30);
  EXPECT_EQ(config->backend.max_uploads, 4);
  EXPECT_EQ(config->backend.max_upload_idle, std::chrono::seconds(30));
  EXPECT_EQ(config->backend.cache_lifetime, std::chrono::seconds(1));
  EXPECT_EQ(config->backend.cache_lifetime_with_events, std::chrono::seconds(30));
  EXPECT_EQ(config->backend.cache_size, int64_t{64} << 20);
  EXPECT_EQ(config->log_level, LogLevel::kInfo);
  EXPECT_EQ(config->log_format, LogFormat::kPlain);
  EXPECT_FALSE(config->allow_core_dumps);
  EXPECT_THAT(config->warnings, IsEmpty());
  ASSERT_EQ(config->listeners.size(), 1U);
  EXPECT_EQ(config->listeners[0].socket_mode, 0660U);
  EXPECT_FALSE(config->listeners[0].read_only);
}

TEST(Config, ListensInTheUsersRuntimeDirectoryUnlessRoot) {
  const absl::StatusOr<Config> config = Load({}, {kKey, "XDG_RUNTIME_DIR=/run/user/7"});
  ASSERT_TRUE(config.ok()) << config.status();
  EXPECT_EQ(config->listeners[0].address.path,
            ::geteuid() == 0 ? "/run/daytonad/daytonad.sock" : "/run/user/7/daytonad.sock");
}

// For each setting: the flag's value wins over the variable's, that over the file's.
TEST_F(ConfigFile, RanksBelowTheEnvironmentAndThatBelowFlags) {
  struct Case {
    std::string flag;
    std::string variable;
    std::string key;
    std::vector<std::string> values;  // of the file, the environment, the command line
    std::function<std::string(const Config&)> read;
  };
  const auto seconds = [](Clock::Duration duration) {
    return std::to_string(std::chrono::duration_cast<std::chrono::seconds>(duration).count()) + "s";
  };
  const std::vector<Case> cases = {
      {"--listen",
       "DAYTONAD_LISTEN",
       "listen",
       {"unix:/a", "unix:/b", "unix:/c"},
       [](const Config& c) { return c.listeners.at(0).address.text; }},
      {"--listen-read-only",
       "DAYTONAD_LISTEN_READ_ONLY",
       "listen_read_only",
       {"unix:/a", "unix:/b", "unix:/c"},
       [](const Config& c) { return c.listeners.at(0).read_only ? c.listeners.at(0).address.text : ""; }},
      {"--socket-mode",
       "DAYTONAD_SOCKET_MODE",
       "socket_mode",
       {"0600", "0640", "0666"},
       [](const Config& c) { return absl::StrFormat("%04o", c.listeners.at(0).socket_mode); }},
      {"--address-file",
       "DAYTONAD_ADDRESS_FILE",
       "address_file",
       {"/a", "/b", "/c"},
       [](const Config& c) { return c.address_file; }},
      {"--api-url",
       "DAYTONA_API_URL",
       "api_url",
       {"http://a/api", "http://b/api", "http://c/api"},
       [](const Config& c) { return c.backend.api_url; }},
      {"--api-key-file",
       "DAYTONAD_API_KEY_FILE",
       "api_key_file",
       {"/a", "/b", "/c"},
       [](const Config& c) { return c.backend.api_key_file; }},
      {"--organization-id",
       "DAYTONA_ORGANIZATION_ID",
       "organization_id",
       {"a", "b", "c"},
       [](const Config& c) { return c.backend.credential.value().organization_id; }},
      {"--target", "DAYTONA_TARGET", "target", {"eu", "us", "asia"}, [](const Config& c) { return c.backend.target; }},
      {"--trusted-origin",
       "DAYTONAD_TRUSTED_ORIGIN",
       "trusted_origin",
       {"https://a", "https://b", "https://c"},
       [](const Config& c) { return c.backend.trusted_origins.size() == 1 ? c.backend.trusted_origins[0] : ""; }},
      {"--ca-file",
       "DAYTONAD_CA_FILE",
       "ca_file",
       {"/dev/null", "/proc/self/status", "/proc/self/stat"},
       [](const Config& c) { return c.backend.ca_file; }},
      {"--proxy",
       "DAYTONAD_PROXY",
       "proxy",
       {"http://a", "http://b", "http://c"},
       [](const Config& c) { return c.backend.proxy; }},
      {"--request-timeout",
       "DAYTONAD_REQUEST_TIMEOUT",
       "request_timeout",
       {"1s", "2s", "3s"},
       [&](const Config& c) { return seconds(c.backend.request_timeout); }},
      {"--max-wait",
       "DAYTONAD_MAX_WAIT",
       "max_wait",
       {"1s", "2s", "3s"},
       [&](const Config& c) { return seconds(c.max_wait); }},
      {"--max-queue-wait",
       "DAYTONAD_MAX_QUEUE_WAIT",
       "max_queue_wait",
       {"1s", "2s", "3s"},
       [&](const Config& c) { return seconds(c.max_queue_wait); }},
      {"--max-stall",
       "DAYTONAD_MAX_STALL",
       "max_stall",
       {"1s", "2s", "3s"},
       [&](const Config& c) { return seconds(c.max_stall); }},
      {"--max-loop-stall",
       "DAYTONAD_MAX_LOOP_STALL",
       "max_loop_stall",
       {"1s", "2s", "3s"},
       [&](const Config& c) { return seconds(c.max_loop_stall); }},
      {"--drain-timeout",
       "DAYTONAD_DRAIN_TIMEOUT",
       "drain_timeout",
       {"1s", "2s", "0s"},
       [&](const Config& c) { return seconds(c.drain_timeout); }},
      {"--health-interval",
       "DAYTONAD_HEALTH_INTERVAL",
       "health_interval",
       {"1s", "2s", "3s"},
       [&](const Config& c) { return seconds(c.health_interval); }},
      {"--max-client-connections",
       "DAYTONAD_MAX_CLIENT_CONNECTIONS",
       "max_client_connections",
       {"1", "2", "3"},
       [](const Config& c) { return std::to_string(c.max_client_connections); }},
      {"--max-client-connections-per-user",
       "DAYTONAD_MAX_CLIENT_CONNECTIONS_PER_USER",
       "max_client_connections_per_user",
       {"1", "2", "3"},
       [](const Config& c) { return std::to_string(c.max_client_connections_per_user); }},
      {"--max-calls",
       "DAYTONAD_MAX_CALLS",
       "max_calls",
       {"1", "2", "3"},
       [](const Config& c) { return std::to_string(c.max_calls); }},
      {"--max-request",
       "DAYTONAD_MAX_REQUEST",
       "max_request",
       {"1", "2", "3"},
       [](const Config& c) { return std::to_string(c.max_request); }},
      {"--max-memory",
       "DAYTONAD_MAX_MEMORY",
       "max_memory",
       {"1", "2", "3"},
       [](const Config& c) { return std::to_string(c.max_memory); }},
      {"--max-connections",
       "DAYTONAD_MAX_CONNECTIONS",
       "max_connections",
       {"1", "2", "3"},
       [](const Config& c) { return std::to_string(c.backend.max_connections.value()); }},
      {"--max-creates",
       "DAYTONAD_MAX_CREATES",
       "max_creates",
       {"1", "2", "3"},
       [](const Config& c) { return std::to_string(c.backend.max_creates.value()); }},
      {"--max-streams",
       "DAYTONAD_MAX_STREAMS",
       "max_streams",
       {"1", "2", "3"},
       [](const Config& c) { return std::to_string(c.backend.max_streams.value()); }},
      {"--context-root",
       "DAYTONAD_CONTEXT_ROOT",
       "context_root",
       {"/a", "/b", "/c"},
       [](const Config& c) { return c.context_roots.size() == 1 ? c.context_roots[0] : ""; }},
      {"--spool-dir",
       "DAYTONAD_SPOOL_DIR",
       "spool_dir",
       {"/a", "/b", "/c"},
       [](const Config& c) { return c.spool_dir; }},
      {"--state-dir",
       "DAYTONAD_STATE_DIR",
       "state_dir",
       {"/a", "/b", "/c"},
       [](const Config& c) { return c.backend.state_dir; }},
      {"--spool-limit",
       "DAYTONAD_SPOOL_LIMIT",
       "spool_limit",
       {"1024", "1025", "1026"},
       [](const Config& c) { return std::to_string(c.spool_limit); }},
      {"--cache-lifetime",
       "DAYTONAD_CACHE_LIFETIME",
       "cache_lifetime",
       {"1s", "2s", "0s"},
       [&](const Config& c) { return seconds(c.backend.cache_lifetime); }},
      {"--cache-lifetime-with-events",
       "DAYTONAD_CACHE_LIFETIME_WITH_EVENTS",
       "cache_lifetime_with_events",
       {"1s", "2s", "0s"},
       [&](const Config& c) { return seconds(c.backend.cache_lifetime_with_events); }},
      {"--cache-size",
       "DAYTONAD_CACHE_SIZE",
       "cache_size",
       {"1024", "1025", "0"},
       [](const Config& c) { return std::to_string(c.backend.cache_size); }},
      {"--max-uploads",
       "DAYTONAD_MAX_UPLOADS",
       "max_uploads",
       {"1", "2", "3"},
       [](const Config& c) { return std::to_string(c.backend.max_uploads); }},
      {"--max-upload-idle",
       "DAYTONAD_MAX_UPLOAD_IDLE",
       "max_upload_idle",
       {"1s", "2s", "3s"},
       [&](const Config& c) { return seconds(c.backend.max_upload_idle); }},
      {"--allow-core-dumps",
       "DAYTONAD_ALLOW_CORE_DUMPS",
       "allow_core_dumps",
       {"true", "false", "true"},
       [](const Config& c) { return c.allow_core_dumps ? "true" : "false"; }},
      {"--log-level",
       "DAYTONAD_LOG_LEVEL",
       "log_level",
       {"debug", "warning", "error"},
       [](const Config& c) {
         return c.log_level == LogLevel::kDebug     ? "debug"
                : c.log_level == LogLevel::kWarning ? "warning"
                : c.log_level == LogLevel::kError   ? "error"
                                                    : "info";
       }},
      {"--log-format",
       "DAYTONAD_LOG_FORMAT",
       "log_format",
       {"json", "plain", "json"},
       [](const Config& c) { return c.log_format == LogFormat::kJson ? "json" : "plain"; }},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.flag);
    // A key in the environment would outrank the file's key file, and belongs to one organization.
    const std::string credential = c.flag == "--api-key-file"      ? "UNRELATED=1"
                                   : c.flag == "--organization-id" ? "DAYTONA_JWT_TOKEN=ey"
                                                                   : kKey;
    const std::string file = With(c.key + ": " + c.values[0] + "\n");
    const std::string variable = c.variable + "=" + c.values[1];
    const std::string flag = c.flag + "=" + c.values[2];

    const auto from_file = Load({file}, {credential, c.variable + "="});  // an empty variable is not set
    ASSERT_TRUE(from_file.ok()) << from_file.status();
    EXPECT_EQ(c.read(*from_file), c.values[0]);
    const auto from_environment = Load({file}, {credential, variable});
    ASSERT_TRUE(from_environment.ok()) << from_environment.status();
    EXPECT_EQ(c.read(*from_environment), c.values[1]);
    const auto from_flag = Load({file, flag}, {credential, variable});
    ASSERT_TRUE(from_flag.ok()) << from_flag.status();
    EXPECT_EQ(c.read(*from_flag), c.values[2]);
  }
}

TEST_F(ConfigFile, MayBeNamedByTheEnvironmentAndByTheFlagFirst) {
  With("target: eu\n");
  const auto config = Load({}, {kKey, "DAYTONAD_CONFIG=" + path_});
  ASSERT_TRUE(config.ok()) << config.status();
  EXPECT_EQ(config->backend.target, "eu");
  EXPECT_THAT(ErrorOf({"--config", directory_ + "/none.yaml"}, {kKey, "DAYTONAD_CONFIG=" + path_}),
              HasSubstr("none.yaml: No such file"));
}

TEST_F(ConfigFile, TakesListsAndOctalModes) {
  const auto config =
      Load({With("# two listeners\n"
                 "listen:\n"
                 "  - unix:/run/a.sock\n"
                 "  - '127.0.0.1:0'\n"
                 "listen_read_only: '[::1]:0'\n"
                 "socket_mode: 0600\n"
                 "trusted_origin: [https://a.example, https://b.example]\n")});
  ASSERT_TRUE(config.ok()) << config.status();
  ASSERT_EQ(config->listeners.size(), 3U);
  EXPECT_EQ(config->listeners[0].address.path, "/run/a.sock");
  EXPECT_EQ(config->listeners[0].socket_mode, 0600U);
  EXPECT_EQ(config->listeners[1].address.host, "127.0.0.1");
  EXPECT_FALSE(config->listeners[1].read_only);
  EXPECT_EQ(config->listeners[2].address.host, "::1");
  EXPECT_TRUE(config->listeners[2].read_only);
  EXPECT_THAT(config->backend.trusted_origins, ElementsAre("https://a.example", "https://b.example"));
}

TEST_F(ConfigFile, MayBeEmpty) { EXPECT_TRUE(Load({With("")}).ok()); }

TEST_F(ConfigFile, NamesFileLineAndKeyOfWhatIsWrong) {
  struct Case {
    std::string content;
    std::string place;
    std::string problem;
  };
  for (const Case& c : std::vector<Case>{
           {"target: eu\nlisten_on: x\n", ":2: listen_on", "unknown key"},
           {"max_wait: [1s, 2s]\n", ":1: max_wait", "a single value"},
           {"\n\nmax_wait: soon\n", ":3: max_wait", "a duration such as"},
           {"max_wait: 60\n", ":1: max_wait", "a duration such as"},
           {"max_connections: many\n", ":1: max_connections", "a whole number"},
           {"max_connections: {a: 1}\n", ":1: max_connections", "a single value"},
           {"listen: {a: b}\n", ":1: listen", "a value or a list"},
           {"listen: [[a]]\n", ":1: listen", "plain values"},
           {"target:\n", ":1: target", "has no value"},
           {"allow_core_dumps: yes\n", ":1: allow_core_dumps", "true or false"},
           {"target: a\ntarget: b\n", ":2: target", "given twice"},
           {"[a]: b\n", ":1", "a plain word"},
           {"- target\n", "daytonad.yaml", "keys and values"},
           {"target: [\n", ":2", "not valid YAML"},
           {"api_key: dtn_secret\n", ":1: api_key", "--api-key-file"},
           {"jwt_token: ey_secret\n", ":1: jwt_token", "DAYTONA_JWT_TOKEN"},
       }) {
    const std::string error = ErrorOf({With(c.content)});
    EXPECT_THAT(error, HasSubstr(path_)) << c.content;
    EXPECT_THAT(error, HasSubstr(c.place)) << c.content;
    EXPECT_THAT(error, HasSubstr(c.problem)) << c.content;
    EXPECT_THAT(error, Not(HasSubstr("secret"))) << c.content;
  }
}

TEST_F(ConfigFile, LimitsOfConnectionsMayBeNone) {
  const absl::StatusOr<Config> config =
      Load({"--max-connections", "none", With("max_creates: None\n")}, {kKey, "DAYTONAD_MAX_STREAMS=none"});
  ASSERT_TRUE(config.ok()) << config.status();
  EXPECT_EQ(config->backend.max_connections, std::nullopt);
  EXPECT_EQ(config->backend.max_creates, std::nullopt);
  EXPECT_EQ(config->backend.max_streams, std::nullopt);
}

TEST(Config, NamesTheFlagThatIsWrong) {
  struct Case {
    std::vector<std::string> flags;
    std::string problem;
  };
  for (const Case& c : std::vector<Case>{
           {{"--lisen=unix:/a"}, "unknown option --lisen;"},
           {{"start"}, "unknown argument start;"},
           {{"--token=dtn_secret"}, "unknown option --token;"},
           {{"--max-wait"}, "--max-wait"},
           {{"--max-wait", "1s", "--max-wait", "2s"}, "--max-wait: "},
           {{"--max-wait", "soon"}, "--max-wait: must be a duration such as"},
           {{"--max-wait", "0"}, "--max-wait: must be a duration from 1ms to 8760h"},
           {{"--max-wait", "inf"}, "--max-wait: must be a duration from"},
           {{"--request-timeout=-1s"}, "--request-timeout: must be a duration from"},
           {{"--max-connections", "0"}, "--max-connections: must be a whole number, at least 1, or none"},
           {{"--max-streams", "-1"}, "--max-streams: must be a whole number, at least 1, or none"},
           {{"--max-connections", "null"}, "--max-connections: must be a whole number, at least 1, or none"},
           {{"--max-creates", "1.5"}, "--max-creates: must be a whole number"},
           {{"--max-calls", "0"}, "--max-calls: must be a whole number, at least 1"},
           {{"--max-request", "4MB"}, "--max-request: must be a number of bytes such as"},
           {{"--max-uploads", "0"}, "--max-uploads: must be a whole number, at least 1"},
           {{"--spool-limit", "0"}, "--spool-limit: must be a number of bytes such as"},
           {{"--spool-limit", "2GB"}, "--spool-limit: must be a number of bytes such as"},
           {{"--spool-limit", "9999999999999GiB"}, "--spool-limit: must be a number of bytes such as"},
           {{"--socket-mode", "rw"}, "--socket-mode: must be octal"},
           {{"--socket-mode", "1777"}, "--socket-mode: must be octal"},
           {{"--log-level", "loud"}, "--log-level: must be debug, info, warning or error"},
           {{"--log-format", "xml"}, "--log-format: must be plain or json"},
           {{"--api-url", "daytona.example/api"}, "--api-url: "},
           {{"--api-url", "https://me:dtn_secret@daytona.example/api"}, "--api-url: "},
           {{"--ca-file", "/no/such/file"}, "--ca-file: cannot read /no/such/file: No such file"},
           {{"--listen", "7070"}, "--listen: \"7070\" is no address"},
           {{"--listen", "unix:/a", "--listen", "unix:/a"}, "--listen: unix:/a is given twice"},
           {{"--listen", "unix:/a", "--listen-read-only", "unix:/a"}, "--listen-read-only: unix:/a is given twice"},
           {{"--listen", "0.0.0.0:7070"}, "--allow-plaintext-tcp"},
           {{"--listen-read-only", "daemon.example:7070"}, "--allow-plaintext-tcp"},
           {{"--api-key", "dtn_secret"}, "--api-key-file"},
           {{"--api-key=dtn_secret"}, "DAYTONA_API_KEY"},
           {{"--jwt-token=dtn_secret"}, "DAYTONA_JWT_TOKEN"},
       }) {
    const std::string error = ErrorOf(c.flags);
    EXPECT_THAT(error, HasSubstr(c.problem));
    EXPECT_THAT(error, Not(HasSubstr("secret")));
  }
}

TEST(Config, NamesTheVariableThatIsWrong) {
  EXPECT_THAT(ErrorOf({}, {kKey, "DAYTONAD_MAX_WAIT=soon"}), HasSubstr("DAYTONAD_MAX_WAIT: must be a duration"));
  EXPECT_THAT(ErrorOf({}, {kKey, "DAYTONA_API_URL=x"}), HasSubstr("DAYTONA_API_URL: "));
  EXPECT_THAT(ErrorOf({}, {kKey, "DAYTONA_SERVER_URL=x"}), HasSubstr("DAYTONA_SERVER_URL: "));
}

TEST(Config, TakesByteCountsWithAndWithoutAUnit) {
  for (const auto& [text, bytes] : std::vector<std::pair<std::string, int64_t>>{
           {"1", 1}, {"3KiB", 3 << 10}, {"512MiB", 512 << 20}, {"8GiB", int64_t{8} << 30}}) {
    const auto config = Load({"--spool-limit=" + text});
    ASSERT_TRUE(config.ok()) << config.status();
    EXPECT_EQ(config->spool_limit, bytes) << text;
  }
}

TEST(Config, TakesPlaintextTcpFromOtherMachinesWhenToldTo) {
  const auto config = Load({"--listen=0.0.0.0:7070", "--allow-plaintext-tcp"});
  ASSERT_TRUE(config.ok()) << config.status();
  EXPECT_EQ(config->listeners.at(0).address.port, 7070);
}

TEST(Config, TakesSeveralListenersFromOneVariable) {
  const auto config = Load({}, {kKey, "DAYTONAD_LISTEN=unix:/a, 127.0.0.1:0,127.0.0.1:0"});
  ASSERT_TRUE(config.ok()) << config.status();
  EXPECT_EQ(config->listeners.size(), 3U);
}

TEST(Config, ReadsTheDeprecatedServerUrlOnlyWithoutApiUrl) {
  const auto old_name = Load({}, {kKey, "DAYTONA_SERVER_URL=http://old/api/"});
  ASSERT_TRUE(old_name.ok()) << old_name.status();
  EXPECT_EQ(old_name->backend.api_url, "http://old/api");
  EXPECT_THAT(old_name->warnings, ElementsAre(HasSubstr("DAYTONA_SERVER_URL is deprecated")));
  const auto both = Load({}, {kKey, "DAYTONA_SERVER_URL=http://old/api", "DAYTONA_API_URL=http://new/api"});
  ASSERT_TRUE(both.ok()) << both.status();
  EXPECT_EQ(both->backend.api_url, "http://new/api");
  EXPECT_THAT(both->warnings, IsEmpty());
}

TEST(Config, WarnsOfTracingOnlyWhenItIsExactlyTrue) {
  for (const char* variable : {"DAYTONA_OTEL_ENABLED", "DAYTONA_EXPERIMENTAL_OTEL_ENABLED"}) {
    const auto on = Load({}, {kKey, std::string(variable) + "=true"});
    ASSERT_TRUE(on.ok()) << on.status();
    EXPECT_THAT(on->warnings, ElementsAre(HasSubstr(variable)));
    const auto other = Load({}, {kKey, std::string(variable) + "=1"});
    ASSERT_TRUE(other.ok()) << other.status();
    EXPECT_THAT(other->warnings, IsEmpty());
  }
}

TEST(Config, EventsAreOnUnlessTheyAreSwitchedOff) {
  const std::string deprecated = "DAYTONA_USE_DEPRECATED_POLLING=true";
  EXPECT_TRUE(Load({})->backend.events);
  EXPECT_FALSE(Load({"--events=off"})->backend.events);
  EXPECT_FALSE(Load({}, {kKey, "DAYTONAD_EVENTS=off"})->backend.events);
  EXPECT_FALSE(Load({}, {kKey, deprecated})->backend.events);
  EXPECT_FALSE(Load({}, {kKey, "DAYTONA_USE_DEPRECATED_POLLING=True"})->backend.events);
  EXPECT_TRUE(Load({}, {kKey, "DAYTONA_USE_DEPRECATED_POLLING=1"})->backend.events);
  EXPECT_TRUE(Load({"--events=on"}, {kKey, deprecated})->backend.events);
  EXPECT_TRUE(Load({}, {kKey, deprecated, "DAYTONAD_EVENTS=on"})->backend.events);
  EXPECT_THAT(Load({}, {kKey, deprecated})->warnings, IsEmpty());
  EXPECT_THAT(ErrorOf({"--events=true"}), HasSubstr("must be on or off"));
}

TEST(Credential, MustBeThereAndTheErrorSaysHow) {
  for (const std::vector<std::string>& environment :
       {std::vector<std::string>{}, {"DAYTONA_API_KEY="}, {"DAYTONA_JWT_TOKEN="}}) {
    const std::string error = ErrorOf({}, environment);
    EXPECT_THAT(error, HasSubstr("DAYTONA_API_KEY"));
    EXPECT_THAT(error, HasSubstr("both DAYTONA_JWT_TOKEN and DAYTONA_ORGANIZATION_ID"));
    EXPECT_THAT(error, HasSubstr("--api-key-file"));
  }
}

TEST(Credential, JwtNeedsAnOrganization) {
  EXPECT_THAT(ErrorOf({}, {"DAYTONA_JWT_TOKEN=ey"}),
              HasSubstr("DAYTONA_ORGANIZATION_ID is required when authenticating with DAYTONA_JWT_TOKEN"));
  const auto config = Load({}, {"DAYTONA_JWT_TOKEN=ey", "DAYTONA_ORGANIZATION_ID=org"});
  ASSERT_TRUE(config.ok()) << config.status();
  ASSERT_TRUE(config->backend.credential.has_value());
  EXPECT_EQ(config->backend.credential->kind, Credential::Kind::kJwt);
  EXPECT_EQ(config->backend.credential->token.Reveal(), "ey");
  EXPECT_EQ(config->backend.credential->organization_id, "org");
}

TEST(Credential, ApiKeyWinsOverJwt) {
  const auto config = Load({}, {kKey, "DAYTONA_JWT_TOKEN=ey"});
  ASSERT_TRUE(config.ok()) << config.status();
  ASSERT_TRUE(config->backend.credential.has_value());
  EXPECT_EQ(config->backend.credential->token.Reveal(), "dtn_secret");
  EXPECT_EQ(config->backend.credential->kind, Credential::Kind::kApiKey);
}

TEST(Credential, KeyFileOfTheCommandLineWinsOverTheVariable) {
  const auto config = Load({"--api-key-file=/run/secrets/key"});
  ASSERT_TRUE(config.ok()) << config.status();
  EXPECT_EQ(config->backend.api_key_file, "/run/secrets/key");
  EXPECT_FALSE(config->backend.credential.has_value());
  EXPECT_THAT(config->warnings, ElementsAre(HasSubstr("DAYTONA_API_KEY is ignored")));
}

TEST_F(ConfigFile, ItsKeyFileRanksBelowTheVariable) {
  const auto config = Load({With("api_key_file: /run/secrets/key\n")});
  ASSERT_TRUE(config.ok()) << config.status();
  EXPECT_EQ(config->backend.api_key_file, "");
  ASSERT_TRUE(config->backend.credential.has_value());
  EXPECT_EQ(config->backend.credential->token.Reveal(), "dtn_secret");
  EXPECT_THAT(config->warnings, ElementsAre(HasSubstr("/run/secrets/key is ignored")));
}

TEST(Credential, IsWipedFromTheEnvironment) {
  FakeEnvironment environment({"A=1", kKey, "B=2", "DAYTONA_JWT_TOKEN=ey_secret", "C=3"});
  const char* argv[] = {"daytonad"};
  ASSERT_TRUE(LoadConfig(1, argv, environment.get()).ok());
  EXPECT_THAT(environment.listed(), ElementsAre("A=1", "B=2", "C=3"));
  EXPECT_THAT(environment.bytes(1), Not(HasSubstr("secret")));
  EXPECT_THAT(environment.bytes(3), Not(HasSubstr("secret")));
}

TEST(Config, PrintsVersionAndHelpWithoutACredential) {
  const auto version = Load({"--version"}, {});
  ASSERT_TRUE(version.ok()) << version.status();
  EXPECT_EQ(version->action, Config::Action::kPrint);
  EXPECT_EQ(version->text, "daytonad " DAYTONAD_VERSION "\n");
  const auto help = Load({"--help"}, {});
  ASSERT_TRUE(help.ok()) << help.status();
  EXPECT_EQ(help->action, Config::Action::kPrint);
  for (const char* text : {"--listen", "--check-config", "DAYTONAD_MAX_WAIT", "DAYTONA_API_URL", "--api-key-file"}) {
    EXPECT_THAT(help->text, HasSubstr(text));
  }
}

TEST(Config, CheckIsAnActionOfItsOwnAndNeedsAllTheRest) {
  const auto config = Load({"--check-config"});
  ASSERT_TRUE(config.ok()) << config.status();
  EXPECT_EQ(config->action, Config::Action::kCheck);
  EXPECT_THAT(ErrorOf({"--check-config"}, {}), HasSubstr("DAYTONA_API_KEY"));
}

}  // namespace
}  // namespace daytonad
