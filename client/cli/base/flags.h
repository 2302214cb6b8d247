// Flags that fill in protobuf messages. A bad value throws CLI::ValidationError, which becomes exit code 2.
#ifndef DAYTONAD_CLIENT_CLI_BASE_FLAGS_H_
#define DAYTONAD_CLIENT_CLI_BASE_FLAGS_H_

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include <google/protobuf/descriptor.h>
#include <google/protobuf/duration.pb.h>
#include <google/protobuf/generated_enum_reflection.h>
#include <google/protobuf/map.h>
#include <google/protobuf/timestamp.pb.h>

#include <CLI/CLI.hpp>

#include "absl/strings/numbers.h"

namespace daytonad::cli {

using TextSetter = std::function<void(const std::string&)>;

// Parses "90", "90s", "1m30s" or "0.5s". Without a unit: seconds. Rejects negative values. The error names `flag`.
std::chrono::nanoseconds ParseDuration(const std::string& flag, const std::string& text);

google::protobuf::Duration ToProto(std::chrono::nanoseconds duration);

// Splits "key=value". The value may be empty and may contain "=".
std::pair<std::string, std::string> ParseKeyValue(const std::string& flag, const std::string& text);

// The words for an enum's values ("building_snapshot" for SANDBOX_STATE_BUILDING_SNAPSHOT), separated by commas,
// without UNSPECIFIED.
std::string JoinedWords(const google::protobuf::EnumDescriptor* type);

// The value that a word stands for. Ignores case and takes "-" for "_". Unset if the word is unknown.
std::optional<int> FindEnumValue(const google::protobuf::EnumDescriptor* type, const std::string& word);

// The same, but an unknown word is an error that lists the known ones.
int ParseEnumValue(const std::string& flag, const google::protobuf::EnumDescriptor* type, const std::string& word);

// The error for a word that is not among the `known` ones. `name` may have a short form after a comma.
CLI::ValidationError NoneOf(const std::string& name, const std::string& word, const std::string& known);

// --name VALUE, at most once.
CLI::Option* AddText(CLI::App* command, const std::string& name, const std::string& value_name, const std::string& help,
                     const TextSetter& set);

// --name VALUE, repeatable, one value each.
CLI::Option* AddRepeatedText(CLI::App* command, const std::string& name, const std::string& value_name,
                             const std::string& help, TextSetter add);

// --name WORD: one of `words`, each with its value.
template <typename Value>
CLI::Option* AddWord(CLI::App* command, const std::string& name, const std::string& value_name, const std::string& help,
                     const std::vector<std::pair<std::string, Value>>& words, std::function<void(Value)> set) {
  return AddText(command, name, value_name, help, [name, words, set = std::move(set)](const std::string& word) {
    std::string known;
    for (const auto& [text, value] : words) {
      if (text == word) return set(value);
      known += (known.empty() ? "" : ", ") + text;
    }
    throw NoneOf(name, word, known);
  });
}

// --name KEY=VALUE, repeatable.
CLI::Option* AddKeyValues(CLI::App* command, const std::string& name, const std::string& value_name,
                          const std::string& help, google::protobuf::Map<std::string, std::string>* map);

// --name NUMBER.
template <typename Number = int>
CLI::Option* AddNumber(CLI::App* command, const std::string& name, const std::string& help,
                       std::type_identity_t<std::function<void(Number)>> set) {
  return AddText(command, name, "NUMBER", help, [name, set = std::move(set)](const std::string& text) {
    Number number = 0;
    if (!absl::SimpleAtoi(text, &number)) throw CLI::ValidationError(name, "\"" + text + "\" is not a whole number");
    set(number);
  });
}

// --name NUMBER, which may have a fraction.
CLI::Option* AddDecimal(CLI::App* command, const std::string& name, const std::string& help,
                        std::function<void(double)> set);

// --name sets true; --name=false is accepted, too.
CLI::Option* AddSwitch(CLI::App* command, const std::string& name, const std::string& help,
                       std::function<void(bool)> set);

// --name DURATION.
CLI::Option* AddDuration(CLI::App* command, const std::string& name, const std::string& help,
                         std::function<google::protobuf::Duration*()> field);

// --name TIME, as in 2026-01-31T12:00:00Z.
CLI::Option* AddTime(CLI::App* command, const std::string& name, const std::string& help,
                     std::function<google::protobuf::Timestamp*()> field);

// --name WORD for an enum field.
template <typename Enum, typename Set>
CLI::Option* AddEnum(CLI::App* command, const std::string& name, const std::string& help, Set set) {
  const google::protobuf::EnumDescriptor* type = google::protobuf::GetEnumDescriptor<Enum>();
  return AddText(command, name, "WORD", help + ": " + JoinedWords(type), [name, type, set](const std::string& word) {
    set(static_cast<Enum>(ParseEnumValue(name, type, word)));
  });
}

// Sets the enum value if the word names one, else the text. For fields that pair an enum with a text.
template <typename Enum>
TextSetter EnumOrText(std::function<void(Enum)> set, TextSetter set_text) {
  return [set = std::move(set), set_text = std::move(set_text)](const std::string& word) {
    const std::optional<int> known = FindEnumValue(google::protobuf::GetEnumDescriptor<Enum>(), word);
    if (known.has_value()) {
      set(static_cast<Enum>(*known));
    } else {
      set_text(word);
    }
  };
}

// --timeout, --request-id and --max-age, which many requests have.
template <typename Request>
void AddTimeout(CLI::App* command, Request* request, const std::string& what) {
  AddDuration(command, "--timeout", "How long " + what + " may take (30s, 5m; 0: no limit)",
              [request] { return request->mutable_timeout(); });
}

template <typename Request>
void AddRequestId(CLI::App* command, Request* request) {
  AddText(command, "--request-id", "ID", "Repeat a call safely: the same id is never carried out twice",
          [request](const std::string& id) { request->set_request_id(id); });
}

template <typename Request>
CLI::Option* AddMaxAge(CLI::App* command, Request* request) {
  return AddDuration(command, "--max-age", "How old a cached answer may be (0: ask Daytona)",
                     [request] { return request->mutable_max_age(); });
}

// --page-size, --page, --page-token of a list.
template <typename Request>
void AddPageSize(CLI::App* command, Request* request) {
  AddNumber(command, "--page-size", "Objects per page (1 to 200)",
            [request](int size) { request->set_page_size(size); });
}

template <typename Request>
CLI::Option* AddPageToken(CLI::App* command, Request* request) {
  return AddText(command, "--page-token", "TOKEN", "Continue where the previous page ended",
                 [request](const std::string& token) { request->set_page_token(token); });
}

template <typename Request>
CLI::Option* AddPageNumber(CLI::App* command, Request* request) {
  return AddNumber(command, "--page", "Page number, from 1: the older paging, which also shows totals",
                   [request](int page) { request->set_page(page); });
}

}  // namespace daytonad::cli

#endif  // DAYTONAD_CLIENT_CLI_BASE_FLAGS_H_
