#include "client/cli/snapshot/snapshot_flags.h"

#include <string>

#include "client/cli/base/flags.h"
#include "client/cli/create/source_flags.h"

namespace daytonad::cli {

void AddSnapshotSpecFlags(CLI::App* command, v1::SnapshotSpec* spec, std::string* context) {
  AddText(command, "NAME,--name", "NAME", "Its name", [spec](const std::string& name) {
    spec->set_name(name);
  })->required();
  CLI::Option_group* source = command->add_option_group("Source", "What it is made from, one of:");
  source->require_option(1);
  AddSourceFlags(command, spec, context, source);
  AddRepeatedText(command, "--entrypoint", "WORD",
                  "What its sandboxes run first: once for the program and each argument",
                  [spec](const std::string& word) { spec->add_entrypoint(word); });
  AddResourceFlags(command, spec);
  AddText(command, "--region", "REGION", "Region to make it in",
          [spec](const std::string& region) { spec->set_region_id(region); });
  AddText(command, "--class", "CLASS", "Kind of sandbox that it makes (container, linux-vm, android, windows)",
          EnumOrText<v1::SandboxClass>([spec](v1::SandboxClass known) { spec->set_sandbox_class(known); },
                                       [spec](const std::string& text) { spec->set_sandbox_class_text(text); }));
}

}  // namespace daytonad::cli
