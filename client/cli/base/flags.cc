#include "client/cli/base/flags.h"

#include <algorithm>
#include <cctype>
#include <chrono>
#include <cmath>
#include <exception>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <google/protobuf/util/time_util.h>

#include "absl/strings/numbers.h"
#include "absl/time/time.h"

namespace daytonad::cli {
namespace {

using google::protobuf::EnumDescriptor;
using google::protobuf::util::TimeUtil;

// "SANDBOX_STATE_" for SandboxState.
std::string EnumPrefix(const EnumDescriptor* type) {
  const std::string& unspecified = type->FindValueByNumber(0)->name();
  return unspecified.substr(0, unspecified.size() - std::string("UNSPECIFIED").size());
}

std::string Lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) { return std::tolower(c); });
  return text;
}

}  // namespace

std::chrono::nanoseconds ParseDuration(const std::string& flag, const std::string& text) {
  absl::Duration duration;
  double seconds = 0;
  if (absl::SimpleAtod(text, &seconds)) {
    duration = absl::Seconds(seconds);
  } else if (!absl::ParseDuration(text, &duration)) {
    throw CLI::ValidationError(flag, "\"" + text + "\" is not a duration: write 90, 90s, 5m or 1h30m");
  }
  // std::chrono can hold this much, and no sensible value is longer.
  if (duration < absl::ZeroDuration() || duration > absl::Hours(24 * 365 * 100) || seconds != seconds) {
    throw CLI::ValidationError(flag, "\"" + text + "\" is not between 0 and a hundred years");
  }
  return absl::ToChronoNanoseconds(duration);
}

google::protobuf::Duration ToProto(std::chrono::nanoseconds duration) {
  return TimeUtil::NanosecondsToDuration(duration.count());
}

std::pair<std::string, std::string> ParseKeyValue(const std::string& flag, const std::string& text) {
  const std::size_t equals = text.find('=');
  if (equals == std::string::npos || equals == 0) {
    throw CLI::ValidationError(flag, "\"" + text + "\" is not of the form KEY=VALUE");
  }
  return {text.substr(0, equals), text.substr(equals + 1)};
}

std::string JoinedWords(const EnumDescriptor* type) {
  const std::size_t prefix = EnumPrefix(type).size();
  std::string words;
  for (int i = 0; i < type->value_count(); ++i) {
    if (type->value(i)->number() == 0) continue;
    words += (words.empty() ? "" : ", ") + Lower(type->value(i)->name().substr(prefix));
  }
  return words;
}

std::optional<int> FindEnumValue(const EnumDescriptor* type, const std::string& word) {
  std::string name = EnumPrefix(type);
  for (const unsigned char c : word) name += c == '-' ? '_' : static_cast<char>(std::toupper(c));
  const auto* value = type->FindValueByName(name);
  if (value == nullptr || value->number() == 0) return std::nullopt;
  return value->number();
}

int ParseEnumValue(const std::string& flag, const EnumDescriptor* type, const std::string& word) {
  const std::optional<int> value = FindEnumValue(type, word);
  if (!value.has_value()) throw NoneOf(flag, word, JoinedWords(type));
  return *value;
}

CLI::ValidationError NoneOf(const std::string& name, const std::string& word, const std::string& known) {
  return CLI::ValidationError(name.substr(0, name.find(',')), "\"" + word + "\" is none of " + known);
}

CLI::Option* AddText(CLI::App* command, const std::string& name, const std::string& value_name, const std::string& help,
                     const TextSetter& set) {
  return command->add_option_function<std::string>(name, set, help)->type_name(value_name);
}

CLI::Option* AddRepeatedText(CLI::App* command, const std::string& name, const std::string& value_name,
                             const std::string& help, TextSetter add) {
  const auto add_all = [add = std::move(add)](const std::vector<std::string>& values) {
    for (const std::string& value : values) add(value);
  };
  return command->add_option_function<std::vector<std::string>>(name, add_all, help)
      ->allow_extra_args(false)
      ->type_name(value_name);
}

CLI::Option* AddKeyValues(CLI::App* command, const std::string& name, const std::string& value_name,
                          const std::string& help, google::protobuf::Map<std::string, std::string>* map) {
  return AddRepeatedText(command, name, value_name, help, [name, map](const std::string& text) {
    const auto [key, value] = ParseKeyValue(name, text);
    (*map)[key] = value;
  });
}

CLI::Option* AddDecimal(CLI::App* command, const std::string& name, const std::string& help,
                        std::function<void(double)> set) {
  return AddText(command, name, "NUMBER", help, [name, set = std::move(set)](const std::string& text) {
    double number = 0;
    if (!absl::SimpleAtod(text, &number) || !std::isfinite(number)) {
      throw CLI::ValidationError(name, "\"" + text + "\" is not a number");
    }
    set(number);
  });
}

CLI::Option* AddSwitch(CLI::App* command, const std::string& name, const std::string& help,
                       std::function<void(bool)> set) {
  // The parser's own error for such a value would name C++ types.
  const auto check = [](const std::string& text) {
    try {
      CLI::detail::to_flag_value(text);
      return std::string();
    } catch (const std::exception&) {
      return "\"" + text + "\" is neither true nor false";
    }
  };
  return command
      ->add_flag_function(
          name, [set = std::move(set)](std::int64_t count) { set(count > 0); }, help)
      ->check(CLI::Validator(check, ""));
}

CLI::Option* AddDuration(CLI::App* command, const std::string& name, const std::string& help,
                         std::function<google::protobuf::Duration*()> field) {
  return AddText(command, name, "DURATION", help, [name, field = std::move(field)](const std::string& text) {
    *field() = ToProto(ParseDuration(name, text));
  });
}

CLI::Option* AddTime(CLI::App* command, const std::string& name, const std::string& help,
                     std::function<google::protobuf::Timestamp*()> field) {
  return AddText(command, name, "TIME", help, [name, field = std::move(field)](const std::string& text) {
    if (!TimeUtil::FromString(text, field())) {
      throw CLI::ValidationError(name, "\"" + text + "\" is not a time: write it as in 2026-01-31T12:00:00Z");
    }
  });
}

}  // namespace daytonad::cli
