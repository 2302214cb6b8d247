#include "daemon/operations/image/testing/instruction_lister.h"

#include <cctype>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "daemon/operations/image/dockerfile.h"
#include "daemon/operations/image/pyproject.h"

namespace daytonad {
namespace {

const char kBlanks[] = " \t\v\f\r\n\x1c\x1d\x1e\x1f";

std::string TrimLeft(const std::string& text) {
  // White space above ASCII is left to be part of a keyword, which then is none.
  const size_t begin = text.find_first_not_of(kBlanks);
  return begin == std::string::npos ? "" : text.substr(begin);
}

// Whether line `line` goes on, by looking at its last characters.
bool GoesOn(const std::string& line, char escape) {
  const size_t last = line.find_last_not_of(" \t");
  return last != std::string::npos && line[last] == escape && (last == 0 || line[last - 1] != escape);
}

// The text up to the first blank, upper case.
std::string Keyword(const std::string& text) {
  std::string keyword;
  for (const char c : text) {
    if (std::string_view(kBlanks).find(c) != std::string_view::npos) break;
    keyword += static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  }
  return keyword;
}

// The lines that end the heredocs of an instruction, each with a "-" before it if tabs do not count.
std::vector<std::string> HeredocEnds(const std::string& text) {
  std::vector<std::string> ends;
  std::string word;   // as it is written
  std::string plain;  // without its quotes
  const auto finish = [&] {
    size_t at = word.find_first_not_of("0123456789");
    if (at != std::string::npos && word.compare(at, 2, "<<") == 0 && word.find('<', at + 2) == std::string::npos) {
      const bool tabs = word.compare(at + 2, 1, "-") == 0;
      const std::string name = plain.substr(at + (tabs ? 3 : 2));
      if (!name.empty()) ends.push_back((tabs ? "-" : "+") + name);
    }
    word.clear();
    plain.clear();
  };
  char open = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    const char next = i + 1 < text.size() ? text[i + 1] : '\0';
    if (open != '\'' && c == '$' && next == '{') {
      // A substitution that Docker cannot read: then it sees no heredoc at all.
      const size_t name_end =
          text.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_", i + 2);
      if (name_end == std::string::npos || text.find('}', name_end) == std::string::npos) return {};
      if (std::string_view("}:+-?#%/").find(text[name_end]) == std::string_view::npos) return {};
      if (name_end == i + 2 && (text[name_end] == '}' || text[name_end] == ':')) return {};
      word += text.substr(i, name_end - i);
      plain += text.substr(i, name_end - i);
      i = name_end - 1;
    } else if (open == 0 && std::string_view(kBlanks).find(c) != std::string_view::npos) {
      finish();
    } else if (open != 0 && c == open) {
      open = 0;
      word += c;
    } else if (open == 0 && (c == '\'' || c == '"')) {
      open = c;
      word += c;
    } else if (c == '\\' && (open == 0 || (open == '"' && (next == '"' || next == '$' || next == '\\')))) {
      word += c;
      if (next != '\0') word += next, plain += next;
      ++i;
    } else {
      word += c;
      plain += c;
    }
  }
  if (open != 0) return {};
  finish();
  return ends;
}

bool IsList(const std::string& instruction) {
  std::string rest = TrimLeft(instruction.substr(Keyword(instruction).size()));
  while (rest.compare(0, 2, "--") == 0 && rest.find(' ') != std::string::npos)
    rest = TrimLeft(rest.substr(rest.find(' ')));
  return ParseJsonWords(rest).has_value();
}

void AddStep(const v1::ImageStep& step, char escape, const HostFiles& files, std::vector<std::string>& kinds) {
  const auto add = [&kinds](const std::vector<std::string>& more) {
    kinds.insert(kinds.end(), more.begin(), more.end());
  };
  switch (step.step_case()) {
    case v1::ImageStep::kPipInstall:
      return add(std::vector<std::string>(step.pip_install().packages().empty() ? 0 : 1, "RUN"));
    case v1::ImageStep::kPipInstallFromRequirements:
      return add({"COPY", "RUN"});
    case v1::ImageStep::kPipInstallFromPyproject: {
      const auto& pip = step.pip_install_from_pyproject();
      const std::string text =
          pip.has_daemon_path() ? files.ReadFile(pip.daemon_path(), 1 << 20).value_or("") : pip.content();
      const auto packages =
          PyprojectDependencies(text, {pip.optional_dependencies().begin(), pip.optional_dependencies().end()});
      return add(std::vector<std::string>(packages.ok() && !packages->empty() ? 1 : 0, "RUN"));
    }
    case v1::ImageStep::kAddLocalFile:
    case v1::ImageStep::kAddLocalDir:
    case v1::ImageStep::kCopy:
      return add({"COPY"});
    case v1::ImageStep::kRunCommands:
      return add(std::vector<std::string>(step.run_commands().commands_size(), "RUN"));
    case v1::ImageStep::kEnv:
      return add(std::vector<std::string>(step.env().variables_size(), "ENV"));
    case v1::ImageStep::kDockerfileCommands:
      return add(ListInstructions(absl::StrJoin(step.dockerfile_commands().commands(), "\n"), escape));
    case v1::ImageStep::kWorkdir:
      return add({"WORKDIR"});
    case v1::ImageStep::kEntrypoint:
      return add({"ENTRYPOINT"});
    case v1::ImageStep::kCmd:
      return add({"CMD"});
    case v1::ImageStep::kAptGet:
      return add({"RUN"});
    case v1::ImageStep::kUser:
      return add({"USER"});
    case v1::ImageStep::kAdd:
      return add({"ADD"});
    case v1::ImageStep::kExpose:
      return add({"EXPOSE"});
    case v1::ImageStep::kLabel:
      return add({"LABEL"});
    case v1::ImageStep::kVolume:
      return add({"VOLUME"});
    case v1::ImageStep::STEP_NOT_SET:
      return add({"nothing"});
  }
}

// Has the image text that goes into the Dockerfile as the caller wrote it, lines and all?
bool HasCallersLines(const v1::Image& image) {
  if (image.has_dockerfile()) return true;
  for (const v1::ImageStep& step : image.steps()) {
    if (step.has_dockerfile_commands()) return true;
    for (const v1::RunCommand& command : step.run_commands().commands()) {
      if (command.has_shell()) return true;
    }
  }
  return false;
}

std::string FindLeavingContext(const BuildPlan& plan) {
  for (const ContextSource& context : plan.contexts) {
    const std::string& path = context.archive_path;
    const std::vector<std::string> parts = absl::StrSplit(path, '/');
    for (const std::string& part : parts) {
      if (part == ".." || (part.empty() && !path.empty())) return absl::StrCat("a context is named \"", path, "\"");
    }
  }
  return "";
}

}  // namespace

std::vector<std::string> ListInstructions(std::string_view dockerfile, char escape) {
  std::vector<std::string> keywords;
  std::vector<std::string> lines = absl::StrSplit(std::string(dockerfile), '\n');
  for (std::string& line : lines) line.erase(line.find_last_not_of('\r') + 1);
  for (size_t i = 0; i < lines.size();) {
    if (TrimLeft(lines[i]).rfind('#', 0) == 0) {
      ++i;
      continue;
    }
    std::string instruction = TrimLeft(lines[i]);
    bool more = GoesOn(instruction, escape);
    if (more) instruction.erase(instruction.find_last_of(escape));
    for (++i; more && i < lines.size(); ++i) {
      const std::string trimmed = TrimLeft(lines[i]);
      if (trimmed.empty() || trimmed[0] == '#') continue;
      more = GoesOn(lines[i], escape);
      instruction += more ? lines[i].substr(0, lines[i].find_last_of(escape)) : lines[i];
    }
    instruction = TrimLeft(instruction);
    const std::string keyword = Keyword(instruction);
    if (keyword.empty()) continue;
    keywords.push_back(keyword);

    std::string heredoc_keyword = keyword;
    if (keyword == "ONBUILD") heredoc_keyword = Keyword(TrimLeft(instruction.substr(keyword.size())));
    if (heredoc_keyword != "RUN" && heredoc_keyword != "COPY" && heredoc_keyword != "ADD") continue;
    if (keyword != "ONBUILD" && IsList(instruction)) continue;
    for (const std::string& end : HeredocEnds(instruction)) {
      for (bool found = false; !found && i < lines.size(); ++i) {
        const size_t tabs = end[0] == '-' ? lines[i].find_first_not_of('\t') : 0;
        found = tabs != std::string::npos && lines[i].compare(tabs, std::string::npos, end, 1) == 0;
      }
    }
  }
  return keywords;
}

std::string FindInjection(const v1::Image& image, const BuildPlan& plan, const HostFiles& files) {
  char escape = '\\';
  std::vector<std::string> implied;
  if (image.has_dockerfile()) {
    const std::string text = image.dockerfile().has_daemon_path()
                                 ? files.ReadFile(image.dockerfile().daemon_path(), 1 << 20).value_or("")
                                 : image.dockerfile().content();
    escape = ParseDockerfile(text).escape;
    implied = ListInstructions(text, escape);
  } else {
    implied = {"FROM"};
    if (image.has_debian_slim()) implied.insert(implied.end(), 4, "RUN");
  }
  for (const v1::ImageStep& step : image.steps()) AddStep(step, escape, files, implied);
  const std::vector<std::string> found = ListInstructions(plan.dockerfile, escape);
  if (found != implied) {
    return absl::StrCat("implied: ", absl::StrJoin(implied, " "), "\nfound: ", absl::StrJoin(found, " "), "\nin\n",
                        plan.dockerfile);
  }
  if (!HasCallersLines(image)) {
    for (const char* breaker : {"\r", "\v", "\f", "\x1c", "\x1d", "\x1e", "\xC2\x85", "\xE2\x80\xA8", "\xE2\x80\xA9"}) {
      if (plan.dockerfile.find(breaker) != std::string::npos) {
        return absl::StrCat("a line break came through in\n", plan.dockerfile);
      }
    }
  }
  return FindLeavingContext(plan);
}

}  // namespace daytonad
