#ifndef DAYTONAD_DAEMON_CONFIG_SOURCES_H_
#define DAYTONAD_DAEMON_CONFIG_SOURCES_H_

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

// Where settings come from: the command line, the environment, a YAML file. What the values mean is config.h's affair.
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

// What one source says of one setting, and how to name that place in an error.
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
  std::string help;  // the text, if it was asked for
};

// INVALID_ARGUMENT names the flag that is unknown, lacks its value or, because a command line is public, may not be
// given.
absl::StatusOr<CommandLine> ParseCommandLine(const std::vector<SettingName>& names, int argc, const char* const* argv);

// An environment in the form of `environ`: "NAME=value" entries up to a null pointer.
class Environment {
 public:
  explicit Environment(char** entries) : entries_(entries) {}

  // An empty value counts as not set.
  std::optional<std::string> Get(std::string_view name) const;
  // Moves the value out: its bytes are overwritten (they can be read in /proc otherwise) and the variable is gone.
  // Empty if it is not set.
  std::string Take(std::string_view name);

 private:
  char** Find(std::string_view name) const;

  char** entries_;
};

RawValues ReadEnvironment(const std::vector<SettingName>& names, const Environment& environment);

// INVALID_ARGUMENT names file, line and key of what is wrong: no YAML, an unknown key, a key twice, a value of the
// wrong shape.
absl::StatusOr<RawValues> ReadConfigFile(const std::vector<SettingName>& names, const std::string& path);

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_CONFIG_SOURCES_H_
