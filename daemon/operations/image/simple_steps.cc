#include "daemon/operations/image/simple_steps.h"

#include <algorithm>
#include <cstddef>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "daemon/base/absl_view.h"
#include "daemon/operations/image/docker_words.h"
#include "daemon/operations/image/text.h"
#include "nlohmann/json.hpp"

namespace daytonad {
namespace {

// Letters, digits and `others`; does not begin with "-", which would make it an option.
bool IsMadeOf(std::string_view text, std::string_view others) {
  return !text.empty() && text.front() != '-' && std::all_of(text.begin(), text.end(), [&](char c) {
    return absl::ascii_isalnum(c) || others.find(c) != std::string_view::npos;
  });
}

// Docker allows any name; in practice names are identifiers, in some programs with dots and dashes.
bool IsEnvName(std::string_view name) {
  return IsMadeOf(name, "_.-") && !absl::ascii_isdigit(name.front()) && name.front() != '.';
}

// Whether a shell reads the whole of `text` as one double-quoted word.
bool IsOneQuotedWord(std::string_view text) {
  for (size_t i = 1; i + 1 < text.size(); ++i) {
    if (text[i] == '"') return false;
    // The closing quote must not be escaped.
    if (text[i] == '\\' && ++i + 1 == text.size()) return false;
  }
  return true;
}

// A word of an exec-form command, quoted as in the Python SDK. That breaks for words with backslashes at the end or
// before quotes; these are quoted for the shell.
std::string ExecWord(std::string_view word) {
  const std::string python =
      absl::StrCat("\"", absl::StrReplaceAll(AbslView(word), {{"\"", R"(\\\")"}, {"'", R"(\')"}}), "\"");
  return IsOneQuotedWord(python) ? python : ShellQuote(word);
}

// A word of ENTRYPOINT or CMD. The Python SDK puts it between quotes unchanged; so does this, if the result is a JSON
// string.
std::string JsonWord(const std::string& word) {
  std::string python = absl::StrCat("\"", word, "\"");
  if (!HasLineBreak(word) && nlohmann::json::accept(python)) return python;
  return JsonString(word);
}

void PlanRunCommand(const v1::RunCommand& command, std::string_view field, PlanDraft& draft) {
  switch (command.form_case()) {
    case v1::RunCommand::kShell: {
      const std::string name = SubField(field, "shell");
      const std::string& shell = command.shell();
      if (StripSpace(shell).empty()) {
        draft.Refuse(name, "is required: the command to run");
      } else if (shell.find('\0') != std::string::npos ||
                 absl::StrReplaceAll(shell, {{"\r\n", ""}}).find('\r') != std::string::npos) {
        draft.Refuse(name, "must not contain NUL, nor carriage returns within a line");
      } else {
        draft.AppendOneInstruction(name, StdView(absl::StrCat("RUN ", shell)));
      }
      return;
    }
    case v1::RunCommand::kExec: {
      const auto& words = command.exec().words();
      if (words.empty()) draft.Refuse(SubField(field, "exec.words"), "is required: a program and its arguments");
      bool is_fine = !words.empty();
      for (int i = 0; i < words.size(); ++i) {
        is_fine = draft.CheckOneLine(FieldElement(field, "exec.words", i), words[i]) && is_fine;
      }
      if (!is_fine) return;
      draft.AppendOneInstruction(
          SubField(field, "exec.words"),
          StdView(absl::StrCat("RUN ", absl::StrJoin(words, " ", [](std::string* out, const std::string& word) {
                                 out->append(ExecWord(word));
                               }))));
      return;
    }
    case v1::RunCommand::FORM_NOT_SET:
      draft.Refuse(field, "needs shell or exec");
  }
}

}  // namespace

void PlanRunCommands(const v1::RunCommands& step, std::string_view field, PlanDraft& draft) {
  if (step.commands().empty()) draft.Refuse(SubField(field, "commands"), "is required: at least one command");
  for (int i = 0; i < step.commands_size(); ++i) {
    PlanRunCommand(step.commands(i), FieldElement(field, "commands", i), draft);
  }
}

void PlanEnv(const v1::ImageEnv& step, std::string_view field, PlanDraft& draft) {
  for (int i = 0; i < step.variables_size(); ++i) {
    const v1::EnvVariable& variable = step.variables(i);
    const std::string element = FieldElement(field, "variables", i);
    bool is_fine = draft.CheckOneLine(SubField(element, "value"), variable.value());
    if (!IsEnvName(variable.name())) {
      draft.Refuse(SubField(element, "name"),
                   "must be a name of letters, digits, `_`, `.` and `-` that begins with a letter or `_`");
      is_fine = false;
    }
    // Docker does not expand variables or escapes between single quotes, so the value stays unchanged.
    if (is_fine) draft.Append(absl::StrCat("ENV ", variable.name(), "=", ShellQuote(variable.value()), "\n"));
  }
}

void PlanWorkdir(std::string_view workdir, std::string_view field, PlanDraft& draft) {
  if (workdir.empty()) return draft.Refuse(field, "is required: a directory in the image");
  if (draft.CheckOneLine(field, workdir)) draft.Append(absl::StrCat("WORKDIR ", ShellQuote(workdir), "\n"));
}

void PlanAptGet(const v1::AptGet& step, std::string_view field, PlanDraft& draft) {
  if (step.packages().empty()) draft.Refuse(SubField(field, "packages"), "is required: at least one package");
  bool is_fine = !step.packages().empty();
  for (int i = 0; i < step.packages_size(); ++i) {
    if (IsMadeOf(step.packages(i), "+-.:~=/_")) continue;
    draft.Refuse(FieldElement(field, "packages", i), "must be the name of a Debian package, as apt-get takes it");
    is_fine = false;
  }
  if (!is_fine) return;
  draft.Append(absl::StrCat("RUN apt-get update && apt-get install -y ", absl::StrJoin(step.packages(), " "),
                            " && rm -rf /var/lib/apt/lists/*\n"));
}

void PlanUser(std::string_view user, std::string_view field, PlanDraft& draft) {
  if (!IsMadeOf(user, "_.-:@")) {
    return draft.Refuse(field, "must be a user of the image, by name or number, with \":\" and a group if need be");
  }
  draft.Append(absl::StrCat("USER ", AbslView(user), "\n"));
}

void PlanExpose(const v1::ExposePorts& step, std::string_view field, PlanDraft& draft) {
  if (step.ports().empty()) draft.Refuse(SubField(field, "ports"), "is required: at least one port");
  bool is_fine = !step.ports().empty();
  for (int i = 0; i < step.ports_size(); ++i) {
    if (step.ports(i) >= 1 && step.ports(i) <= 65535) continue;
    draft.Refuse(FieldElement(field, "ports", i), "must be 1 to 65535");
    is_fine = false;
  }
  if (is_fine) draft.Append(absl::StrCat("EXPOSE ", absl::StrJoin(step.ports(), " "), "\n"));
}

void PlanLabel(const v1::ImageLabel& step, std::string_view field, PlanDraft& draft) {
  bool is_fine = draft.CheckOneLine(SubField(field, "value"), step.value());
  if (!IsMadeOf(step.key(), "_.-/:")) {
    draft.Refuse(SubField(field, "key"), "must be made of letters, digits, `_`, `.`, `-`, `/` and `:`");
    is_fine = false;
  }
  if (!is_fine) return;
  // Docker replaces variables between double quotes; a label's value is literal text.
  std::string value;
  for (const char c : step.value()) {
    if (c == '"' || c == '$' || c == draft.escape()) value += draft.escape();
    value += c;
  }
  draft.Append(absl::StrCat("LABEL ", step.key(), "=\"", value, "\"\n"));
}

void PlanVolume(const v1::MountPoints& step, std::string_view field, PlanDraft& draft) {
  if (step.paths().empty()) draft.Refuse(SubField(field, "paths"), "is required: at least one path");
  bool is_fine = !step.paths().empty();
  for (int i = 0; i < step.paths_size(); ++i) {
    const std::string element = FieldElement(field, "paths", i);
    is_fine = CheckImagePath(step.paths(i), element, draft) && is_fine;
    if (step.paths(i).empty() || step.paths(i).front() == '/') continue;
    draft.Refuse(element, "must be an absolute path in the image");
    is_fine = false;
  }
  if (!is_fine) return;
  // The Go SDK writes `VOLUME [/a /b]`, which is not JSON: Docker would create volumes "[/a" and "/b]".
  const auto append_word = [&draft](std::string* out, const std::string& path) {
    out->append(JsonString(DockerLiteral(path, draft.escape())));
  };
  draft.Append(absl::StrCat("VOLUME [", absl::StrJoin(step.paths(), ", ", append_word), "]\n"));
}

bool CheckImagePath(std::string_view path, std::string_view field, PlanDraft& draft) {
  if (path.empty()) {
    draft.Refuse(field, "is required");
    return false;
  }
  if (path.find('\\') != std::string_view::npos) {
    draft.Refuse(field, "must not contain a backslash; paths are separated by \"/\"");
    return false;
  }
  return draft.CheckOneLine(field, path);
}

void PlanCopyPaths(std::string_view keyword, const v1::CopyPaths& step, std::string_view field, PlanDraft& draft) {
  const bool source_is_fine = CheckImagePath(step.source(), SubField(field, "source"), draft);
  const bool destination_is_fine = CheckImagePath(step.destination(), SubField(field, "destination"), draft);
  if (!source_is_fine || !destination_is_fine) return;
  const char escape = draft.escape();
  draft.Append(absl::StrCat(
      CopyLine(keyword, DockerPattern(step.source(), escape), DockerPattern(step.destination(), escape), escape),
      "\n"));
}

void PlanCommandWords(std::string_view keyword, const google::protobuf::RepeatedPtrField<std::string>& words,
                      std::string_view field, PlanDraft& draft) {
  bool is_fine = true;
  for (int i = 0; i < words.size(); ++i) {
    if (words[i].find('\0') == std::string::npos) continue;
    draft.Refuse(absl::StrCat(AbslView(field), "[", i, "]"), "must not contain NUL");
    is_fine = false;
  }
  if (!is_fine) return;
  const auto append_word = [](std::string* out, const std::string& word) { out->append(JsonWord(word)); };
  draft.Append(absl::StrCat(AbslView(keyword), " [", absl::StrJoin(words, ", ", append_word), "]\n"));
}

std::string PipPackages(std::vector<std::string> packages, std::string_view field, PlanDraft& draft) {
  std::sort(packages.begin(), packages.end());
  for (const std::string& package : packages) {
    if (!draft.CheckOneLine(field, package)) return "";
  }
  return absl::StrJoin(packages, " ",
                       [](std::string* out, const std::string& package) { out->append(ShellQuote(package)); });
}

void AppendPipInstall(std::string_view arguments, const v1::PipOptions& options, std::string_view field,
                      PlanDraft& draft) {
  bool is_fine = draft.CheckOneLine(SubField(field, "index_url"), options.index_url());
  std::string line = absl::StrCat("RUN python -m pip install ", AbslView(arguments));
  const auto append_each = [&](std::string_view name, std::string_view option, const auto& values) {
    for (int i = 0; i < values.size(); ++i) {
      is_fine = draft.CheckOneLine(FieldElement(field, name, i), values[i]) && is_fine;
      absl::StrAppend(&line, " ", AbslView(option), " ", ShellQuote(values[i]));
    }
  };
  append_each("find_links", "--find-links", options.find_links());
  if (!options.index_url().empty()) absl::StrAppend(&line, " --index-url ", ShellQuote(options.index_url()));
  append_each("extra_index_urls", "--extra-index-url", options.extra_index_urls());
  if (options.pre()) line += " --pre";
  const std::string_view extra = StripSpace(options.extra_options());
  is_fine = draft.CheckOneLine(SubField(field, "extra_options"), extra) && is_fine;
  if (!options.extra_options().empty()) absl::StrAppend(&line, " ", AbslView(extra));
  if (is_fine) draft.AppendOneInstruction(SubField(field, "extra_options"), line);
}

}  // namespace daytonad
