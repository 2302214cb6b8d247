#include <optional>
#include <string>
#include <vector>

#include "client/cli/base/command.h"
#include "client/cli/base/exit_code.h"
#include "client/cli/base/flags.h"
#include "client/cli/base/json.h"
#include "client/cli/base/session.h"
#include "client/cli/build/build_commands.h"
#include "client/cli/build/context_uploads.h"
#include "client/cpp/context_pack.h"

namespace daytonad::cli {
namespace {

struct Options {
  std::vector<std::string> paths;
  std::string archive_path;
  v1::BuildContextHeader header;  // only its request id
  bool quiet = false;
};

absl::StatusOr<std::vector<client::ContextSource>> Sources(const Options& options) {
  std::vector<client::ContextSource> sources;
  for (const std::string& path : options.paths) {
    client::ContextSource source{.path = path, .archive_path = options.archive_path, .includes = {}};
    if (source.archive_path.empty()) {
      absl::StatusOr<std::string> usual = client::DefaultArchivePath(path);
      if (!usual.ok()) return usual.status();
      source.archive_path = *std::move(usual);
    }
    sources.push_back(std::move(source));
  }
  return sources;
}

// Prints JSON lines, like a stream's: there may be many paths.
int Upload(Session& session, const Options& options) {
  if (options.paths.size() > 1 && !options.archive_path.empty()) {
    session.console().err << "error: --archive-path goes with a single PATH\n";
    return kExitUsage;
  }
  const auto sources = Sources(options);
  if (!sources.ok()) {
    session.console().err << "error: " << sources.status().message() << ": name one with --archive-path\n";
    return kExitUsage;
  }
  Table table({"ARCHIVE PATH", "HASH", "EXISTED"});
  const OnUploaded on_uploaded = [&](const client::ContextSource& source,
                                     const v1::UploadBuildContextResponse& response) {
    if (session.options().output == OutputFormat::kJson) {
      session.console().out << ToJson(response, /*pretty=*/false);
    } else {
      table.AddRow({source.archive_path, response.context_hash(), response.existed() ? "yes" : "no"});
      if (session.options().output == OutputFormat::kName) session.Print(response, table, {response.context_hash()});
    }
  };
  const UploadOptions how{.quiet = options.quiet, .request_id = options.header.request_id()};
  const std::optional<client::Error> error = UploadContexts(session, *sources, how, on_uploaded);
  if (session.options().output == OutputFormat::kTable && !table.empty())
    table.Print(session.console().out, session.console().width);
  return error.has_value() ? session.Fail(*error) : kExitOk;
}

}  // namespace

void AddContextCommands(CLI::App* app, Action* action) {
  CLI::App* group = AddGroup(app, "context", "Upload files for the COPY lines of images");
  const auto upload = AddCommand<Options>(
      group, "upload", "Upload files or directories, each as a build context, and show the hashes that images name",
      action, Upload);
  upload.flags->add_option("PATH", upload.options->paths, "A file or a directory of this machine")
      ->required()
      ->type_name("PATH");
  AddText(upload.flags, "--archive-path", "PATH",
          "Its name for COPY lines; else the given path without leading slashes",
          [options = upload.options](const std::string& path) { options->archive_path = path; });
  AddRequestId(upload.flags, &upload.options->header);
  AddSwitch(upload.flags, "--quiet,-q", "No progress bar",
            [options = upload.options](bool quiet) { options->quiet = quiet; });
}

}  // namespace daytonad::cli
