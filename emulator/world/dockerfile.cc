#include "emulator/world/dockerfile.h"

#include <functional>

#include "absl/strings/escaping.h"
#include "absl/strings/str_format.h"
#include "emulator/base/json.h"
#include "emulator/base/text.h"

namespace daytonad::emulator {
namespace {

// Instructions and comments, with continued lines joined.
std::vector<std::string> LogicalLines(std::string_view dockerfile) {
  std::vector<std::string> lines;
  std::string pending;
  for (std::string_view raw : Split(dockerfile, '\n')) {
    std::string_view line = Trim(raw);
    if (line.ends_with('\\')) {
      StrAppend(pending, line.substr(0, line.size() - 1));
      continue;
    }
    StrAppend(pending, line);
    if (!pending.empty()) lines.push_back(std::exchange(pending, {}));
  }
  if (!pending.empty()) lines.push_back(pending);
  return lines;
}

std::string LayerId(std::string_view seed) {
  return absl::StrFormat("%012x", std::hash<std::string_view>{}(seed)&0xFFFFFFFFFFFFU);
}

// The exit code of a RUN instruction's command, as far as it is known without running it.
int ExitCode(std::string_view command) {
  if (command == "false") return 1;
  if (ConsumePrefix(command, "exit ")) return ParseInteger<int>(Trim(command)).value_or(0);
  return 0;
}

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
    Log(StrCat("Successfully built ", LayerId(StrCat(steps_))));
    return plan_;
  }

 private:
  void Log(std::string_view line) { plan_.writes.push_back(StrCat(line, "\n")); }

  void Comment(std::string_view line) {
    std::string bytes;
    if (ConsumePrefix(line, "# log: ")) {
      Log(line);
    } else if (ConsumePrefix(line, "# log-base64: ") && absl::Base64Unescape(std::string(line), &bytes)) {
      plan_.writes.push_back(bytes);
    }
  }

  void Instruction(std::string_view line) {
    ++step_;
    Log(StrCat("Step ", step_, "/", steps_, " : ", line));
    const auto parts = SplitOnce(line, ' ');
    if (EqualsIgnoreCase(parts.first, "RUN")) Run(Trim(parts.second));
    if (plan_.error.empty()) Log(StrCat(" ---> ", LayerId(line)));
  }

  void Run(std::string_view command) {
    Log(StrCat(" ---> Running in ", LayerId(StrCat(step_, command))));
    std::string_view text = command;
    if (ConsumePrefix(text, "echo ")) Log(Without(text, "\"\'"));
    if (const int code = ExitCode(command); code != 0) {
      plan_.error = StrCat("The command '/bin/sh -c ", command, "' returned a non-zero code: ", code);
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
    std::string_view rest = line;
    if (!ConsumePrefix(rest, "ENTRYPOINT ")) continue;
    rest = Trim(rest);
    const Json words = Json::parse(rest, nullptr, /*allow_exceptions=*/false);
    if (!words.is_array()) return {Without(rest, "\"\'")};
    std::vector<std::string> result;
    for (const Json& word : words) result.push_back(word.is_string() ? word.get<std::string>() : ToText(word));
    return result;
  }
  return {"sleep", "infinity"};
}

}  // namespace daytonad::emulator
