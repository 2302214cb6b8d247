#include "daemon/config_sources.h"

#include <yaml-cpp/yaml.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"

namespace daytonad {
namespace {

constexpr char kKeyAdvice[] =
    "set DAYTONA_API_KEY, or put the key into a file that only the daemon can read and name it with --api-key-file";

// Flags that users try because the SDKs have such parameters.
absl::Status RefuseSecretFlags(int argc, const char* const* argv) {
  for (int i = 1; i < argc; ++i) {
    const std::string_view argument = argv[i];
    const std::string_view flag = argument.substr(0, argument.find('='));
    if (flag == "--api-key") {
      return absl::InvalidArgumentError(absl::StrCat(
          "--api-key does not exist, because everybody on this machine can read a command line: ", kKeyAdvice));
    }
    if (flag == "--jwt-token") {
      return absl::InvalidArgumentError(
          "--jwt-token does not exist, because everybody on this machine can read a command line: set "
          "DAYTONA_JWT_TOKEN");
    }
  }
  return absl::OkStatus();
}

// The place of a YAML `node`, for errors. yaml-cpp counts lines from 0.
std::string Place(const std::string& path, const YAML::Mark& mark, const std::string& key = "") {
  return absl::StrCat(path, ":", mark.line + 1, key.empty() ? "" : ": ", key);
}

absl::StatusOr<std::vector<std::string>> ValuesOf(const YAML::Node& node, SettingKind kind) {
  if (node.IsScalar()) return std::vector<std::string>{node.Scalar()};
  if (node.IsNull()) return absl::InvalidArgumentError("has no value");
  if (kind != SettingKind::kList) return absl::InvalidArgumentError("must be a single value");
  if (!node.IsSequence()) return absl::InvalidArgumentError("must be a value or a list of values");
  std::vector<std::string> values;
  for (const YAML::Node& item : node) {
    if (!item.IsScalar()) return absl::InvalidArgumentError("must be a list of plain values");
    values.push_back(item.Scalar());
  }
  return values;
}

absl::Status UnknownKey(const std::string& path, const YAML::Mark& mark, const std::string& key) {
  if (key == "api_key" || key == "jwt_token") {
    return absl::InvalidArgumentError(absl::StrCat(
        Place(path, mark, key),
        ": a credential does not belong into this file: ", key == "api_key" ? kKeyAdvice : "set DAYTONA_JWT_TOKEN"));
  }
  return absl::InvalidArgumentError(
      absl::StrCat(Place(path, mark, key), ": unknown key; the keys are the flags of --help with _ for -"));
}

absl::StatusOr<RawValues> ReadMap(const std::vector<SettingName>& names, const std::string& path,
                                  const YAML::Node& root) {
  RawValues values;
  for (const auto& entry : root) {
    const YAML::Mark mark = entry.first.Mark();
    if (!entry.first.IsScalar()) {
      return absl::InvalidArgumentError(absl::StrCat(Place(path, mark), ": a key must be a plain word"));
    }
    const std::string& key = entry.first.Scalar();
    const auto name = std::find_if(names.begin(), names.end(), [&](const SettingName& n) { return n.Key() == key; });
    if (name == names.end()) return UnknownKey(path, mark, key);
    const std::string place = Place(path, mark, key);
    absl::StatusOr<std::vector<std::string>> parsed = ValuesOf(entry.second, name->kind);
    if (!parsed.ok()) return absl::InvalidArgumentError(absl::StrCat(place, ": ", parsed.status().message()));
    const bool inserted = values.emplace(name->flag, RawValue{*std::move(parsed), place}).second;
    if (!inserted) return absl::InvalidArgumentError(absl::StrCat(place, ": is given twice"));
  }
  return values;
}

}  // namespace

std::string SettingName::Key() const { return absl::StrReplaceAll(flag, {{"-", "_"}}); }

std::string SettingName::Variable() const {
  return variable.empty() ? absl::StrCat("DAYTONAD_", absl::AsciiStrToUpper(Key())) : variable;
}

absl::StatusOr<CommandLine> ParseCommandLine(const std::vector<SettingName>& names, int argc, const char* const* argv) {
  if (absl::Status status = RefuseSecretFlags(argc, argv); !status.ok()) return status;

  CLI::App app("The Daytona sandbox API over gRPC, as a sidecar.", "daytonad");
  app.get_formatter()->column_width(34);
  app.footer(
      "A flag wins over its environment variable, that over the file's key (the flag's name with _ for -), that over "
      "the\n"
      "default. Credentials: DAYTONA_API_KEY, or --api-key-file, or DAYTONA_JWT_TOKEN with DAYTONA_ORGANIZATION_ID.");
  app.set_help_flag("-h,--help", "Prints this and exits");
  app.allow_extras();
  CommandLine result;
  std::map<std::string, std::vector<std::string>> given;
  for (const SettingName& name : names) {
    const std::string flag = absl::StrCat("--", name.flag);
    const std::string help = absl::StrCat(name.help, " [", name.Variable(), "]");
    if (name.kind == SettingKind::kSwitch) {
      app.add_flag(flag, help)->group(name.group);
    } else {
      CLI::Option* const option = app.add_option(flag, given[name.flag], help);
      option->allow_extra_args(false)->type_name(name.value_name)->group(name.group);
      if (name.kind == SettingKind::kValue) option->expected(1);
    }
  }
  const std::string general = "General";
  app.add_option("--config", result.config_file, "YAML file with settings [DAYTONAD_CONFIG]")
      ->type_name("PATH")
      ->group(general);
  app.add_flag("--check-config", result.check_config, "Checks the configuration, reports errors, and exits")
      ->group(general);
  app.add_flag("--version", result.version, "Prints the version and exits")->group(general);
  app.get_option("--help")->group(general);

  try {
    app.parse(argc, argv);
  } catch (const CLI::CallForHelp&) {
    result.help = app.help();
    return result;
  } catch (const CLI::ParseError& error) {
    return absl::InvalidArgumentError(error.what());
  }
  if (const std::vector<std::string> extras = app.remaining(); !extras.empty()) {
    // Not the text after a '=': it may be a secret.
    const std::string first = extras[0].substr(0, extras[0].find('='));
    return absl::InvalidArgumentError(absl::StrCat("unknown ", first.starts_with("-") ? "option " : "argument ", first,
                                                   "; daytonad --help lists what there is"));
  }
  for (const SettingName& name : names) {
    const std::string flag = absl::StrCat("--", name.flag);
    const std::vector<std::string> values = app.get_option(flag)->results();
    if (values.empty()) continue;
    result.values[name.flag] = RawValue{values, flag};
  }
  return result;
}

char** Environment::Find(std::string_view name) const {
  for (char** entry = entries_; entry != nullptr && *entry != nullptr; ++entry) {
    const std::string_view text(*entry);
    if (text.size() > name.size() && text.starts_with(name) && text[name.size()] == '=') return entry;
  }
  return nullptr;
}

std::optional<std::string> Environment::Get(std::string_view name) const {
  char** const entry = Find(name);
  if (entry == nullptr) return std::nullopt;
  std::string value = *entry + name.size() + 1;
  if (value.empty()) return std::nullopt;
  return value;
}

std::string Environment::Take(std::string_view name) {
  char** entry = Find(name);
  if (entry == nullptr) return {};
  char* const value = *entry + name.size() + 1;
  std::string taken = value;
  ::explicit_bzero(value, std::strlen(value));
  for (; *entry != nullptr; ++entry) *entry = *(entry + 1);
  return taken;
}

RawValues ReadEnvironment(const std::vector<SettingName>& names, const Environment& environment) {
  RawValues values;
  for (const SettingName& name : names) {
    const std::string variable = name.Variable();
    const std::optional<std::string> text = environment.Get(variable);
    if (!text.has_value()) continue;
    RawValue value{{}, variable};
    if (name.kind == SettingKind::kList) {
      for (absl::string_view item : absl::StrSplit(*text, ',')) {
        value.values.emplace_back(absl::StripAsciiWhitespace(item));
      }
    } else {
      value.values = {*text};
    }
    values.emplace(name.flag, std::move(value));
  }
  return values;
}

absl::StatusOr<RawValues> ReadConfigFile(const std::vector<SettingName>& names, const std::string& path) {
  errno = 0;
  std::ifstream file(path);
  if (!file) {
    return absl::InvalidArgumentError(
        absl::StrCat("cannot read the configuration file ", path, ": ", std::strerror(errno)));
  }
  try {
    const YAML::Node root = YAML::Load(file);
    if (root.IsNull()) return RawValues();
    if (!root.IsMap()) return absl::InvalidArgumentError(absl::StrCat(path, ": must hold keys and values"));
    return ReadMap(names, path, root);
  } catch (const YAML::Exception& error) {
    return absl::InvalidArgumentError(absl::StrCat(Place(path, error.mark), ": is not valid YAML: ", error.msg));
  }
}

}  // namespace daytonad
