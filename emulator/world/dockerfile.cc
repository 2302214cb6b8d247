#include "emulator/world/dockerfile.h"

#include <functional>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "daemon/base/absl_view.h"
#include "emulator/base/json.h"

namespace daytonad::emulator {
namespace {

// Instructions and comments, with continued lines joined.
std::vector<std::string> LogicalLines(std::string_view dockerfile) {
  std::vector<std::string> lines;
  std::string pending;
  for (absl::string_view raw : absl::StrSplit(AbslView(dockerfile), '\n')) {
    absl::string_view line = absl::StripAsciiWhitespace(raw);
    if (absl::ConsumeSuffix(&line, "\\")) {
      absl::StrAppend(&pending, line);
      continue;
    }
    absl::StrAppend(&pending, line);
    if (!pending.empty()) lines.push_back(std::exchange(pending, {}));
  }
  if (!pending.empty()) lines.push_back(pending);
  return lines;
}

std::string LayerId(std::string_view seed) {
  return absl::StrFormat("%012x", std::hash<std::string_view>{}(seed)&0xFFFFFFFFFFFFU);
}

// The exit code of a RUN command, as far as it is known without running it.
int ExitCode(absl::string_view command) {
  if (command == "false") return 1;
  int code = 0;
  if (absl::ConsumePrefix(&command, "exit ") && !absl::SimpleAtoi(command, &code)) return 0;
  return code;
}

std::string WithoutQuotes(absl::string_view text) { return absl::StrReplaceAll(text, {{"\"", ""}, {"'", ""}}); }

class Planner {
 public:
  explicit Planner(std::string_view dockerfile) : lines_(LogicalLines(dockerfile)) {
    for (const std::string& line : lines_) steps_ += line.front() == '#' ? 0 : 1;
  }

  BuildPlan Plan() {
    for (const std::string& line : lines_) {
      if (line.front() == '#') {
        Comment(line);
      } else {
        Instruction(line);
      }
      if (!plan_.error.empty()) return plan_;
    }
    Log(absl::StrCat("Successfully built ", LayerId(absl::StrCat(steps_))));
    return plan_;
  }

 private:
  void Log(absl::string_view line) { plan_.writes.push_back(absl::StrCat(line, "\n")); }

  void Comment(absl::string_view line) {
    std::string bytes;
    if (absl::ConsumePrefix(&line, "# log: ")) {
      Log(line);
    } else if (absl::ConsumePrefix(&line, "# log-base64: ") && absl::Base64Unescape(line, &bytes)) {
      plan_.writes.push_back(bytes);
    }
  }

  void Instruction(const std::string& line) {
    ++step_;
    Log(absl::StrCat("Step ", step_, "/", steps_, " : ", line));
    const std::pair<std::string, std::string> parts = absl::StrSplit(line, absl::MaxSplits(' ', 1));
    if (absl::EqualsIgnoreCase(parts.first, "RUN")) Run(absl::StripAsciiWhitespace(parts.second));
    if (plan_.error.empty()) Log(absl::StrCat(" ---> ", LayerId(line)));
  }

  void Run(absl::string_view command) {
    Log(absl::StrCat(" ---> Running in ", LayerId(absl::StrCat(step_, command))));
    absl::string_view text = command;
    if (absl::ConsumePrefix(&text, "echo ")) Log(WithoutQuotes(text));
    if (const int code = ExitCode(command); code != 0) {
      plan_.error = absl::StrCat("The command '/bin/sh -c ", command, "' returned a non-zero code: ", code);
      Log(plan_.error);
    }
  }

  std::vector<std::string> lines_;
  int steps_ = 0;
  int step_ = 0;
  BuildPlan plan_;
};

}  // namespace

BuildPlan PlanBuild(std::string_view dockerfile) { return Planner(dockerfile).Plan(); }

std::vector<std::string> Entrypoint(std::string_view dockerfile) {
  for (const std::string& line : LogicalLines(dockerfile)) {
    absl::string_view rest = line;
    if (!absl::ConsumePrefix(&rest, "ENTRYPOINT ")) continue;
    rest = absl::StripAsciiWhitespace(rest);
    const Json words = Json::parse(StdView(rest), nullptr, /*allow_exceptions=*/false);
    if (!words.is_array()) return {WithoutQuotes(rest)};
    std::vector<std::string> result;
    for (const Json& word : words) result.push_back(word.is_string() ? word.get<std::string>() : ToText(word));
    return result;
  }
  return {"sleep", "infinity"};
}

}  // namespace daytonad::emulator
