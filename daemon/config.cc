#include "daemon/config.h"

#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <functional>
#include <limits>
#include <set>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "absl/time/time.h"
#include "daemon/base/secret.h"
#include "daemon/config_sources.h"
#include "daemon/net/url.h"

namespace daytonad {
namespace {

using Values = std::vector<std::string>;
using Setter = std::function<absl::Status(const Values&)>;

// One setting: its name and a setter. Setters may be called more than once; the last call wins.
struct Setting {
  SettingName name;
  Setter set;
};

// The raw values of settings before they are combined.
struct Draft {
  Config config;
  Values listen;
  Values listen_read_only;
  mode_t socket_mode = 0660;
  bool allow_plaintext_tcp = false;
  std::string organization_id;
};

absl::Status Invalid(absl::string_view problem) { return absl::InvalidArgumentError(problem); }

Setter SetText(std::string& target) {
  return [&target](const Values& values) {
    target = values[0];
    return absl::OkStatus();
  };
}

Setter SetList(Values& target) {
  return [&target](const Values& values) {
    target = values;
    return absl::OkStatus();
  };
}

Setter SetSwitch(bool& target) {
  return [&target](const Values& values) {
    if (values[0] != "true" && values[0] != "false") return Invalid("must be true or false");
    target = values[0] == "true";
    return absl::OkStatus();
  };
}

Setter SetOnOrOff(bool& target) {
  return [&target](const Values& values) {
    if (values[0] != "on" && values[0] != "off") return Invalid("must be on or off");
    target = values[0] == "on";
    return absl::OkStatus();
  };
}

Setter SetCount(int& target) {
  return [&target](const Values& values) {
    int count = 0;
    if (!absl::SimpleAtoi(values[0], &count) || count < 1) return Invalid("must be a whole number, at least 1");
    target = count;
    return absl::OkStatus();
  };
}

// A count, or `none` for no limit, as the SDKs' None.
Setter SetLimit(std::optional<int>& target) {
  return [&target](const Values& values) {
    int count = 0;
    if (absl::EqualsIgnoreCase(values[0], "none")) {
      target.reset();
    } else if (absl::SimpleAtoi(values[0], &count) && count >= 1) {
      target = count;
    } else {
      return Invalid("must be a whole number, at least 1, or none");
    }
    return absl::OkStatus();
  };
}

Setter SetBytes(int64_t& target, int64_t least) {
  return [&target, least](const Values& values) {
    absl::string_view number = values[0];
    int shift = 0;
    if (absl::ConsumeSuffix(&number, "KiB")) {
      shift = 10;
    } else if (absl::ConsumeSuffix(&number, "MiB")) {
      shift = 20;
    } else if (absl::ConsumeSuffix(&number, "GiB")) {
      shift = 30;
    }
    int64_t count = 0;
    const bool is_number = absl::SimpleAtoi(number, &count);
    if (!is_number || count < least || count > std::numeric_limits<int64_t>::max() >> 31) {
      return Invalid("must be a number of bytes such as 1048576, 512MiB or 2GiB");
    }
    target = count << shift;
    return absl::OkStatus();
  };
}

Setter SetDuration(Clock::Duration& target, Clock::Duration least) {
  return [&target, least](const Values& values) {
    constexpr Clock::Duration kMost = std::chrono::hours(24 * 365);
    absl::Duration duration;
    if (!absl::ParseDuration(values[0], &duration)) return Invalid("must be a duration such as 500ms, 30s or 1h30m");
    if (duration < absl::FromChrono(least) || duration > absl::FromChrono(kMost)) {
      return Invalid(absl::StrCat("must be a duration from ", absl::FormatDuration(absl::FromChrono(least)), " to ",
                                  absl::FormatDuration(absl::FromChrono(kMost))));
    }
    target = std::chrono::duration_cast<Clock::Duration>(absl::ToChronoNanoseconds(duration));
    return absl::OkStatus();
  };
}

Setter SetMode(mode_t& target) {
  return [&target](const Values& values) {
    const std::string& text = values[0];
    const bool octal = !text.empty() && text.size() <= 4 && text.find_first_not_of("01234567") == std::string::npos;
    const unsigned long mode = octal ? std::stoul(text, nullptr, 8) : 01000;
    if (mode > 0777) return Invalid("must be octal permission bits such as 0660");
    target = static_cast<mode_t>(mode);
    return absl::OkStatus();
  };
}

Setter SetLogLevel(LogLevel& target) {
  return [&target](const Values& values) {
    const std::string& text = values[0];
    if (text == "debug") {
      target = LogLevel::kDebug;
    } else if (text == "info") {
      target = LogLevel::kInfo;
    } else if (text == "warning") {
      target = LogLevel::kWarning;
    } else if (text == "error") {
      target = LogLevel::kError;
    } else {
      return Invalid("must be debug, info, warning or error");
    }
    return absl::OkStatus();
  };
}

Setter SetLogFormat(LogFormat& target) {
  return [&target](const Values& values) {
    if (values[0] != "plain" && values[0] != "json") return Invalid("must be plain or json");
    target = values[0] == "json" ? LogFormat::kJson : LogFormat::kPlain;
    return absl::OkStatus();
  };
}

Setter SetApiUrl(std::string& target) {
  return [&target](const Values& values) {
    const absl::StatusOr<BaseUrl> url = BaseUrl::Parse(values[0]);
    if (!url.ok()) return url.status();
    target = url->text();
    return absl::OkStatus();
  };
}

// Checks now, because otherwise every request would fail later.
Setter SetReadableFile(std::string& target) {
  return [&target](const Values& values) {
    if (::access(values[0].c_str(), R_OK) != 0) {
      return Invalid(absl::StrCat("cannot read ", values[0], ": ", std::strerror(errno)));
    }
    target = values[0];
    return absl::OkStatus();
  };
}

std::vector<Setting> Settings(Draft& draft) {
  using std::chrono::milliseconds;
  using std::chrono::seconds;
  constexpr auto kValue = SettingKind::kValue;
  constexpr auto kList = SettingKind::kList;
  constexpr auto kSwitch = SettingKind::kSwitch;
  const std::string listening = "Listening";
  const std::string daytona = "Daytona";
  const std::string contexts = "Build contexts";
  const std::string cache = "Cache";
  const std::string limits = "Limits";
  const std::string process = "Process";
  Config& config = draft.config;
  return {
      {{"listen", kList, "ADDRESS",
        "Where to serve, repeatable: unix:PATH, HOST:PORT, [IPV6]:PORT; port 0 is any free one", "", listening},
       SetList(draft.listen)},
      {{"listen-read-only", kList, "ADDRESS", "The same, for callers that may only read", "", listening},
       SetList(draft.listen_read_only)},
      {{"socket-mode", kValue, "OCTAL", "Permissions of UNIX sockets, default 0660", "", listening},
       SetMode(draft.socket_mode)},
      {{"allow-plaintext-tcp", kSwitch, "", "Allows TCP addresses that other machines can reach", "", listening},
       SetSwitch(draft.allow_plaintext_tcp)},
      {{"address-file", kValue, "PATH", "File for the served addresses, one per line", "", listening},
       SetText(config.address_file)},

      {{"api-url", kValue, "URL", "Daytona's API, default https://app.daytona.io/api", "DAYTONA_API_URL", daytona},
       SetApiUrl(config.backend.api_url)},
      {{"api-key-file", kValue, "PATH", "File that holds the API key", "", daytona},
       SetText(config.backend.api_key_file)},
      {{"organization-id", kValue, "ID", "Organization, needed with a JWT", "DAYTONA_ORGANIZATION_ID", daytona},
       SetText(draft.organization_id)},
      {{"target", kValue, "REGION", "Region where things are created", "DAYTONA_TARGET", daytona},
       SetText(config.backend.target)},
      {{"trusted-origin", kList, "ORIGIN",
        "Further origin that the credential may be sent to, repeatable: https://HOST[:PORT]", "", daytona},
       SetList(config.backend.trusted_origins)},
      {{"events", kValue, "on|off", "Whether to receive Daytona's events, default on; off: polling alone", "", daytona},
       SetOnOrOff(config.backend.events)},
      {{"ca-file", kValue, "PATH", "PEM certificates to trust instead of the system's", "", daytona},
       SetReadableFile(config.backend.ca_file)},
      {{"proxy", kValue, "URL", "HTTP proxy to Daytona; default HTTPS_PROXY, http_proxy and NO_PROXY", "", daytona},
       SetText(config.backend.proxy)},

      {{"context-root", kList, "DIRECTORY", "Directory whose files images may name by path, repeatable", "", contexts},
       SetList(config.context_roots)},
      {{"spool-dir", kValue, "DIRECTORY", "Directory that buffers uploads without a hash", "", contexts},
       SetText(config.spool_dir)},
      {{"spool-limit", kValue, "BYTES", "Limit of these buffers together, default 2GiB", "", contexts},
       SetBytes(config.spool_limit, 1)},
      {{"max-uploads", kValue, "N", "Concurrent uploads to Daytona's storage, default 4", "", contexts},
       SetCount(config.backend.max_uploads)},
      {{"max-upload-idle", kValue, "DURATION", "Longest pause of an upload's client, default 30s", "", contexts},
       SetDuration(config.backend.max_upload_idle, milliseconds(1))},

      {{"cache-lifetime", kValue, "DURATION", "How old a cached answer may be, default 1s; 0: no cached answers", "",
        cache},
       SetDuration(config.backend.cache_lifetime, seconds(0))},
      {{"cache-lifetime-with-events", kValue, "DURATION", "The same while Daytona's events arrive, default 30s", "",
        cache},
       SetDuration(config.backend.cache_lifetime_with_events, seconds(0))},
      {{"cache-size", kValue, "BYTES", "Size of the cache, default 64MiB; 0: watched objects only", "", cache},
       SetBytes(config.backend.cache_size, 0)},

      {{"request-timeout", kValue, "DURATION", "Time limit of one request to Daytona, default 60s", "", limits},
       SetDuration(config.backend.request_timeout, milliseconds(1))},
      {{"max-connections", kValue, "N", "Connections to Daytona, default 250; none: no limit but descriptors", "",
        limits},
       SetLimit(config.backend.max_connections)},
      {{"max-creates", kValue, "N", "Concurrent creates, default 250, or none", "", limits},
       SetLimit(config.backend.max_creates)},
      {{"max-streams", kValue, "N", "Concurrent build logs, default 1000, or none", "", limits},
       SetLimit(config.backend.max_streams)},
      {{"max-client-connections", kValue, "N", "Client connections per listener, default 1024", "", limits},
       SetCount(config.max_client_connections)},
      {{"max-client-connections-per-user", kValue, "N", "Client connections per user of a UNIX socket, default 768", "",
        limits},
       SetCount(config.max_client_connections_per_user)},
      {{"max-calls", kValue, "N", "Concurrent calls, default 10000", "", limits}, SetCount(config.max_calls)},
      {{"max-request", kValue, "BYTES", "Largest request, default 4MiB; at most 1MiB for read-only listeners", "",
        limits},
       SetBytes(config.max_request, 1)},
      {{"max-memory", kValue, "BYTES", "Memory above which connections are shut down; default: what the limits need",
        "", limits},
       SetBytes(config.max_memory, 1)},
      {{"max-wait", kValue, "DURATION", "Time limit of every call, default 24h", "", limits},
       SetDuration(config.max_wait, milliseconds(1))},
      {{"max-queue-wait", kValue, "DURATION", "Longest wait in the queue of a rate limit, default 5m", "", limits},
       SetDuration(config.max_queue_wait, milliseconds(1))},
      {{"max-stall", kValue, "DURATION", "Longest time that a client may leave a message unread, default 60s", "",
        limits},
       SetDuration(config.max_stall, milliseconds(1))},
      {{"max-loop-stall", kValue, "DURATION",
        "How long the event loop may be stalled before the process ends, default 30s", "", limits},
       SetDuration(config.max_loop_stall, seconds(1))},
      {{"drain-timeout", kValue, "DURATION", "How long calls may continue after SIGTERM, default 25s", "", limits},
       SetDuration(config.drain_timeout, seconds(0))},
      {{"state-dir", kValue, "DIRECTORY", "Where outcomes of request ids survive a restart; default none", "", limits},
       SetText(config.backend.state_dir)},
      {{"health-interval", kValue, "DURATION", "How often to probe whether Daytona answers, default 30s", "", limits},
       SetDuration(config.health_interval, milliseconds(10))},

      {{"log-level", kValue, "LEVEL", "debug, info (default), warning or error", "", process},
       SetLogLevel(config.log_level)},
      {{"log-format", kValue, "FORMAT", "plain (default) or json", "", process}, SetLogFormat(config.log_format)},
      {{"allow-core-dumps", kSwitch, "", "Allows core files, which contain the process's memory", "", process},
       SetSwitch(config.allow_core_dumps)},
  };
}

absl::Status Apply(const std::vector<Setting>& settings, const RawValues& values) {
  for (const Setting& setting : settings) {
    const auto value = values.find(setting.name.flag);
    if (value == values.end()) continue;
    if (absl::Status status = setting.set(value->second.values); !status.ok()) {
      return Invalid(absl::StrCat(value->second.where, ": ", status.message()));
    }
  }
  return absl::OkStatus();
}

// The SDKs' older name of the API's URL, treated as they do: lower precedence, and a warning if it is used.
absl::Status ApplyServerUrl(const std::vector<Setting>& settings, const Environment& environment, Config& config) {
  constexpr char kVariable[] = "DAYTONA_SERVER_URL";
  const std::optional<std::string> url = environment.Get(kVariable);
  if (!url.has_value() || environment.Get("DAYTONA_API_URL").has_value()) return absl::OkStatus();
  config.warnings.emplace_back("DAYTONA_SERVER_URL is deprecated: use DAYTONA_API_URL");
  return Apply(settings, {{"api-url", RawValue{{*url}, kVariable}}});
}

// The SDKs' switch for polling without events. It has the precedence of an older variable name.
absl::Status ApplyPolling(const std::vector<Setting>& settings, const Environment& environment) {
  constexpr char kVariable[] = "DAYTONA_USE_DEPRECATED_POLLING";
  if (!absl::EqualsIgnoreCase(environment.Get(kVariable).value_or(""), "true")) return absl::OkStatus();
  return Apply(settings, {{"events", RawValue{{"off"}, kVariable}}});
}

void ReadSwitchesOfTheSdks(const Environment& environment, Config& config) {
  for (const char* variable : {"DAYTONA_OTEL_ENABLED", "DAYTONA_EXPERIMENTAL_OTEL_ENABLED"}) {
    if (environment.Get(variable) == "true") {
      config.warnings.push_back(absl::StrCat(variable, " has no effect: this version does not export traces"));
    }
  }
}

// `file_outranks_variable`: the file was named on the command line or in the environment.
absl::Status ChooseCredential(Environment& environment, bool file_outranks_variable, std::string organization_id,
                              Config& config) {
  CredentialInputs inputs;
  inputs.api_key = environment.Take("DAYTONA_API_KEY");
  inputs.jwt_token = environment.Take("DAYTONA_JWT_TOKEN");
  inputs.organization_id = std::move(organization_id);
  const bool keep_file = file_outranks_variable || inputs.api_key.empty();
  if (!config.backend.api_key_file.empty() && keep_file) {
    if (!inputs.api_key.empty()) {
      config.warnings.push_back(
          absl::StrCat("DAYTONA_API_KEY is ignored: the key is in ", config.backend.api_key_file));
    }
    WipeString(inputs.api_key);
    WipeString(inputs.jwt_token);
    return absl::OkStatus();
  }
  if (!config.backend.api_key_file.empty()) {
    config.warnings.push_back(absl::StrCat(config.backend.api_key_file, " is ignored: DAYTONA_API_KEY holds the key"));
    config.backend.api_key_file.clear();
  }
  absl::StatusOr<Credential> credential = MakeCredential(std::move(inputs));
  if (!credential.ok()) return credential.status();
  config.backend.credential = *std::move(credential);
  return absl::OkStatus();
}

std::string DefaultListenAddress(const Environment& environment) {
  const std::optional<std::string> runtime_directory = environment.Get("XDG_RUNTIME_DIR");
  if (::geteuid() != 0 && runtime_directory.has_value())
    return absl::StrCat("unix:", *runtime_directory, "/daytonad.sock");
  return "unix:/run/daytonad/daytonad.sock";
}

absl::Status AddListeners(const Values& texts, bool read_only, const Draft& draft, std::set<std::string>& seen,
                          std::vector<ListenerOptions>& out) {
  for (const std::string& text : texts) {
    absl::StatusOr<ListenAddress> address = ParseListenAddress(text);
    if (!address.ok()) return address.status();
    const bool any_port = !address->is_unix() && address->port == 0;
    if (!any_port && !seen.insert(address->text).second) return Invalid(absl::StrCat(text, " is given twice"));
    if (!address->is_loopback() && !draft.allow_plaintext_tcp) {
      return Invalid(absl::StrCat(
          text, " can be reached from other machines, and what crosses the network there is not encrypted; ",
          "use a UNIX socket or 127.0.0.1, or allow it with --allow-plaintext-tcp"));
    }
    ListenerOptions options;
    options.address = *std::move(address);
    options.read_only = read_only;
    options.socket_mode = draft.socket_mode;
    out.push_back(std::move(options));
  }
  return absl::OkStatus();
}

absl::Status BuildListeners(Draft& draft, const Environment& environment) {
  if (draft.listen.empty() && draft.listen_read_only.empty()) draft.listen = {DefaultListenAddress(environment)};
  std::set<std::string> seen;
  absl::Status status = AddListeners(draft.listen, false, draft, seen, draft.config.listeners);
  if (!status.ok()) return Invalid(absl::StrCat("--listen: ", status.message()));
  status = AddListeners(draft.listen_read_only, true, draft, seen, draft.config.listeners);
  if (!status.ok()) return Invalid(absl::StrCat("--listen-read-only: ", status.message()));
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<Config> LoadConfig(int argc, const char* const* argv, char** environ_entries) {
  Draft draft;
  Config& config = draft.config;
  const std::vector<Setting> settings = Settings(draft);
  std::vector<SettingName> names;
  names.reserve(settings.size());
  for (const Setting& setting : settings) names.push_back(setting.name);

  absl::StatusOr<CommandLine> command_line = ParseCommandLine(names, argc, argv);
  if (!command_line.ok()) return command_line.status();
  if (!command_line->help.empty() || command_line->version) {
    config.action = Config::Action::kPrint;
    config.text = command_line->version ? "daytonad " DAYTONAD_VERSION "\n" : command_line->help;
    return std::move(config);
  }
  config.action = command_line->check_config ? Config::Action::kCheck : Config::Action::kRun;

  Environment environment(environ_entries);
  std::string path = command_line->config_file;
  if (path.empty()) path = environment.Get("DAYTONAD_CONFIG").value_or("");
  const RawValues from_environment = ReadEnvironment(names, environment);
  RawValues from_file;
  if (!path.empty()) {
    absl::StatusOr<RawValues> values = ReadConfigFile(names, path);
    if (!values.ok()) return values.status();
    from_file = *std::move(values);
  }

  // In order of increasing precedence; each source overwrites.
  absl::Status status = Apply(settings, from_file);
  if (status.ok()) status = ApplyServerUrl(settings, environment, config);
  if (status.ok()) status = ApplyPolling(settings, environment);
  if (status.ok()) status = Apply(settings, from_environment);
  if (status.ok()) status = Apply(settings, command_line->values);
  if (status.ok()) status = BuildListeners(draft, environment);
  const bool file_outranks_variable =
      command_line->values.contains("api-key-file") || from_environment.contains("api-key-file");
  if (status.ok()) status = ChooseCredential(environment, file_outranks_variable, draft.organization_id, config);
  if (!status.ok()) return status;
  ReadSwitchesOfTheSdks(environment, config);
  return std::move(config);
}

}  // namespace daytonad
