#ifndef DAYTONAD_DAEMON_CONFIG_SOURCES_H_
#define DAYTONAD_DAEMON_CONFIG_SOURCES_H_

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

// The sources of settings: command line, environment, YAML file. config.h interprets the values.
namespace daytonad {

enum class SettingKind {
  kValue,
  kList,    // a repeatable flag, a YAML sequence, a comma-separated variable
  kSwitch,  // true or false; the bare flag is true
};

// The name of one setting and its forms: flag `--max-wait`, variable DAYTONAD_MAX_WAIT (unless `variable` names
// another), YAML key max_wait.
struct SettingName {
  std::string flag;  // without dashes
  SettingKind kind = SettingKind::kValue;
  std::string value_name;  // for --help: "DURATION"
  std::string help;
  std::string variable;  // empty: DAYTONAD_ and the flag
  std::string group;     // heading in --help

  std::string Variable() const;
  std::string Key() const;
};

// The value of one setting in one source, and its place for errors.
struct RawValue {
  std::vector<std::string> values;
  std::string where;  // "--max-wait", "DAYTONAD_MAX_WAIT", "daytonad.yaml:3: max_wait"
};
using RawValues = std::map<std::string, RawValue, std::less<>>;  // by flag

struct CommandLine {
  RawValues values;
  std::string config_file;  // --config; empty if not given
  bool check_config = false;
  bool version = false;
  std::string help;  // the help text, if requested
};

// INVALID_ARGUMENT names a flag that is unknown, lacks its value, or is forbidden because command lines are public.
absl::StatusOr<CommandLine> ParseCommandLine(const std::vector<SettingName>& names, int argc, const char* const* argv);

// An environment in the form of `environ`: "NAME=value" entries up to a null pointer.
class Environment {
 public:
  explicit Environment(char** entries) : entries_(entries) {}

  // An empty value counts as not set.
  std::optional<std::string> Get(std::string_view name) const;
  // Moves the value out: its bytes are overwritten (otherwise /proc would show them) and the variable is removed. Empty
  // if it is not set.
  std::string Take(std::string_view name);

 private:
  char** Find(std::string_view name) const;

  char** entries_;
};

RawValues ReadEnvironment(const std::vector<SettingName>& names, const Environment& environment);

// INVALID_ARGUMENT names file, line and key of the error: invalid YAML, an unknown key, a duplicate key, a value of the
// wrong type.
absl::StatusOr<RawValues> ReadConfigFile(const std::vector<SettingName>& names, const std::string& path);

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_CONFIG_SOURCES_H_
