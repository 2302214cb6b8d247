#include "client/cli/completion.h"

#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "client/cli/base/exit_code.h"
#include "client/cli/base/flags.h"

namespace daytonad::cli {
namespace {

struct Word {
  std::string text;
  std::string help;
};

// What can follow a command. `path` is "/sandbox/create"; empty for the program itself.
struct Node {
  std::string path;
  std::vector<Word> commands;
  std::vector<Word> flags;  // the long ones, "--name"
};

struct Tree {
  std::vector<Node> nodes;
  std::set<std::string> flags_with_value;
};

std::vector<const CLI::App*> Children(const CLI::App& app) {
  return app.get_subcommands([](const CLI::App*) { return true; });
}

void AddOnce(const Word& word, std::vector<Word>& words) {
  const auto same = [&](const Word& other) { return other.text == word.text; };
  if (std::none_of(words.begin(), words.end(), same)) words.push_back(word);
}

void AddFlags(const CLI::App& app, Node& node, Tree& tree) {
  for (const CLI::Option* option : app.get_options()) {
    for (const std::string& name : option->get_lnames()) {
      AddOnce({"--" + name, option->get_description()}, node.flags);
      if (option->get_items_expected_max() > 0) tree.flags_with_value.insert("--" + name);
    }
    for (const std::string& name : option->get_snames()) {
      if (option->get_items_expected_max() > 0) tree.flags_with_value.insert("-" + name);
    }
  }
}

void Walk(const CLI::App& app, const std::string& path, Tree& tree) {
  Node node;
  node.path = path;
  AddFlags(app, node, tree);
  for (const CLI::App* child : Children(app)) {
    if (child->get_name().empty()) {  // a group of flags
      AddFlags(*child, node, tree);
    } else {
      node.commands.push_back({child->get_name(), child->get_description()});
    }
  }
  tree.nodes.push_back(node);
  for (const CLI::App* child : Children(app)) {
    if (!child->get_name().empty()) Walk(*child, path + "/" + child->get_name(), tree);
  }
}

Tree TreeOf(const CLI::App& app) {
  Tree tree;
  Walk(app, "", tree);
  // The global flags may follow any command.
  const std::vector<Word> global = tree.nodes.front().flags;
  for (Node& node : tree.nodes) {
    for (const Word& flag : global) AddOnce(flag, node.flags);
  }
  return tree;
}

// Quotes for any of the three shells.
std::string Quote(const std::string& text) { return "'" + absl::StrReplaceAll(text, {{"'", ""}, {"\\", ""}}) + "'"; }

std::string Paths(const Tree& tree, const std::string& separator) {
  std::vector<std::string> paths;
  for (const Node& node : tree.nodes) {
    if (!node.path.empty()) paths.push_back(node.path);
  }
  return absl::StrJoin(paths, separator);
}

// `case` branches that set `words` by `path`, for bash and zsh.
std::string WordBranches(const Tree& tree) {
  std::string branches;
  for (const Node& node : tree.nodes) {
    std::vector<std::string> words;
    for (const Word& word : node.commands) words.push_back(word.text);
    for (const Word& word : node.flags) words.push_back(word.text);
    branches += "    " + Quote(node.path) + ") words=(" + absl::StrJoin(words, " ") + ") ;;\n";
  }
  return branches;
}

}  // namespace

std::string BashCompletion(const CLI::App& app) {
  const Tree tree = TreeOf(app);
  return absl::StrReplaceAll(R"sh(# bash completion for daytonactl. In ~/.bashrc: source <(daytonactl completion bash)
_daytonactl() {
  local path='' i word words=() cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]}
  COMPREPLY=()
  for ((i = 1; i < COMP_CWORD; i++)); do
    word=${COMP_WORDS[i]}
    case "$path/$word" in
    @PATHS@) path="$path/$word" ;;
    esac
  done
  case "$prev" in
    --output|-o) mapfile -t COMPREPLY < <(compgen -W 'table json name' -- "$cur"); return ;;
    @VALUE_FLAGS@) return ;;
  esac
  case "$path" in
@BRANCHES@  esac
  mapfile -t COMPREPLY < <(compgen -W "${words[*]}" -- "$cur")
}
complete -o default -F _daytonactl daytonactl
)sh",
                             {{"@PATHS@", Paths(tree, "|")},
                              {"@VALUE_FLAGS@", absl::StrJoin(tree.flags_with_value, "|")},
                              {"@BRANCHES@", WordBranches(tree)}});
}

std::string ZshCompletion(const CLI::App& app) {
  const Tree tree = TreeOf(app);
  return absl::StrReplaceAll(R"sh(#compdef daytonactl
# zsh completion for daytonactl. In ~/.zshrc, after compinit: source <(daytonactl completion zsh)
_daytonactl() {
  local chosen='' word
  local -a words_
  for word in "${words[@]:1:$((CURRENT - 2))}"; do
    case "$chosen/$word" in
    @PATHS@) chosen="$chosen/$word" ;;
    esac
  done
  case "${words[CURRENT - 1]}" in
    --output|-o) compadd -- table json name; return ;;
    @VALUE_FLAGS@) _files; return ;;
  esac
  case "$chosen" in
@BRANCHES@  esac
  compadd -- "${words_[@]}"
}
compdef _daytonactl daytonactl
)sh",
                             {{"@PATHS@", Paths(tree, "|")},
                              {"@VALUE_FLAGS@", absl::StrJoin(tree.flags_with_value, "|")},
                              {"@BRANCHES@", absl::StrReplaceAll(WordBranches(tree), {{" words=(", " words_=("}})}});
}

std::string FishCompletion(const CLI::App& app) {
  const Tree tree = TreeOf(app);
  std::string lines;
  for (const Node& node : tree.nodes) {
    const std::string start = "complete -c daytonactl -n '__daytonactl_at \"" + node.path + "\"' ";
    for (const Word& word : node.commands) lines += start + "-f -a " + word.text + " -d " + Quote(word.help) + "\n";
    for (const Word& word : node.flags) {
      const bool takes_value = tree.flags_with_value.contains(word.text);
      lines += start + "-l " + word.text.substr(2) + (takes_value ? " -r" : "") + " -d " + Quote(word.help) + "\n";
    }
  }
  return absl::StrReplaceAll(R"sh(# fish completion for daytonactl. In config.fish: daytonactl completion fish | source
function __daytonactl_at
  set -l path ''
  for word in (commandline -opc)[2..-1]
    if contains -- "$path/$word" @PATHS@
      set path "$path/$word"
    end
  end
  test "$path" = "$argv[1]"
end
)sh",
                             {{"@PATHS@", Paths(tree, " ")}}) +
         lines;
}

namespace {

struct Shell {
  std::string name;
  const CLI::App* app = nullptr;
};

int PrintCompletion(Session& session, const Shell& shell) {
  std::ostream& out = session.console().out;
  if (shell.name == "bash") out << BashCompletion(*shell.app);
  if (shell.name == "zsh") out << ZshCompletion(*shell.app);
  if (shell.name == "fish") out << FishCompletion(*shell.app);
  return kExitOk;
}

}  // namespace

void AddCompletionCommand(CLI::App* app, Action* action) {
  const auto completion = AddCommand<Shell>(app, "completion", "Print a script that completes commands in a shell",
                                            action, PrintCompletion);
  completion.options->app = app;
  AddWord<std::string>(completion.flags, "SHELL", "SHELL", "bash, zsh or fish",
                       {{"bash", "bash"}, {"zsh", "zsh"}, {"fish", "fish"}},
                       [shell = completion.options](const std::string& name) { shell->name = name; })
      ->required();
}

}  // namespace daytonad::cli
