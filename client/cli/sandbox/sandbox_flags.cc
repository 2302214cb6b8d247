#include "client/cli/sandbox/sandbox_flags.h"

#include <string>

#include "client/cli/base/flags.h"
#include "client/cli/create/source_flags.h"

namespace daytonad::cli {
namespace {

// VOLUME:/MOUNT[:SUBPATH]
void AddVolumeMount(const std::string& text, v1::SandboxSpec* spec) {
  const std::size_t colon = text.find(":/");
  if (colon == std::string::npos || colon == 0) {
    throw CLI::ValidationError("--volume", "\"" + text + "\" is not of the form VOLUME:/MOUNT[:SUBPATH]");
  }
  v1::VolumeMount* mount = spec->add_volumes();
  mount->set_volume(text.substr(0, colon));
  const std::string path = text.substr(colon + 1);
  const std::size_t subpath = path.find(':');
  mount->set_mount_path(path.substr(0, subpath));
  if (subpath != std::string::npos) mount->set_subpath(path.substr(subpath + 1));
}

void AddIntervalFlags(CLI::App* command, v1::SandboxSpec* spec) {
  AddNumber(command, "--auto-stop-minutes", "Stop after so long without activity; 0: never",
            [spec](int n) { spec->set_auto_stop_minutes(n); });
  AddNumber(command, "--auto-pause-minutes", "Pause after so long without activity (virtual machines); 0: never",
            [spec](int n) { spec->set_auto_pause_minutes(n); });
  AddNumber(command, "--auto-archive-minutes", "Archive after so long stopped; 0: as late as possible",
            [spec](int n) { spec->set_auto_archive_minutes(n); });
  AddNumber(command, "--auto-delete-minutes", "Delete after so long stopped; 0: at once, negative: never",
            [spec](int n) { spec->set_auto_delete_minutes(n); });
  AddNumber(command, "--ttl-minutes", "Delete so long after creation, whatever happens; 0: never",
            [spec](int n) { spec->set_ttl_minutes(n); });
  AddNumber(command, "--queue-timeout-minutes", "Give up if no machine comes free for so long",
            [spec](int n) { spec->set_queue_timeout_minutes(n); });
  AddSwitch(command, "--ephemeral", "Delete it as soon as it stops", [spec](bool on) { spec->set_ephemeral(on); });
}

void AddNetworkFlags(CLI::App* command, v1::SandboxSpec* spec) {
  AddSwitch(command, "--public", "Preview links work without a token", [spec](bool on) { spec->set_is_public(on); });
  AddSwitch(command, "--network-block-all", "Block all traffic to the outside",
            [spec](bool on) { spec->set_network_block_all(on); });
  AddRepeatedText(command, "--network-allow", "CIDR", "A network that it may reach, and no others",
                  [spec](const std::string& cidr) { spec->add_network_allow_list(cidr); });
  AddRepeatedText(command, "--domain-allow", "DOMAIN", "A domain that it may reach, and no others",
                  [spec](const std::string& domain) { spec->add_domain_allow_list(domain); });
  AddText(command, "--outbound-proxy", "URL", "Proxy for its HTTP requests",
          [spec](const std::string& url) { spec->set_outbound_proxy_url(url); });
  AddText(command, "--otel-endpoint", "URL", "Where its telemetry goes",
          [spec](const std::string& url) { spec->set_otel_endpoint_override(url); });
}

}  // namespace

void AddSandboxSpecFlags(CLI::App* command, v1::SandboxSpec* spec, std::string* context) {
  AddText(command, "NAME,--name", "NAME", "Its name; without one it is given one",
          [spec](const std::string& name) { spec->set_name(name); });
  CLI::Option_group* source = command->add_option_group("Source", "What it is created from, one of:");
  source->require_option(0, 1);
  AddText(source, "--snapshot", "ID_OR_NAME", "Snapshot to create it from",
          [spec](const std::string& snapshot) { spec->set_snapshot(snapshot); });
  AddSourceFlags(command, spec, context, source);
  AddText(command, "--language", "LANGUAGE", "Language that it runs code in (python, typescript, javascript)",
          EnumOrText<v1::CodeLanguage>([spec](v1::CodeLanguage language) { spec->set_language(language); },
                                       [spec](const std::string& text) { spec->set_language_text(text); }));
  AddKeyValues(command, "--env", "NAME=VALUE", "Environment variable", spec->mutable_env());
  AddKeyValues(command, "--label", "KEY=VALUE", "Label", spec->mutable_labels());
  AddKeyValues(command, "--secret", "VARIABLE=SECRET", "Expose a secret, by its name, in an environment variable",
               spec->mutable_secrets());
  AddResourceFlags(command, spec);
  AddRepeatedText(command, "--volume", "VOLUME:/MOUNT[:SUBPATH]", "Mount a volume, by id or name",
                  [spec](const std::string& text) { AddVolumeMount(text, spec); });
  AddIntervalFlags(command, spec);
  AddNetworkFlags(command, spec);
  AddText(command, "--target", "REGION", "Region to run it in",
          [spec](const std::string& target) { spec->set_target(target); });
  AddText(command, "--user", "USER", "Operating-system user that runs commands",
          [spec](const std::string& user) { spec->set_user(user); });
  AddText(command, "--linked-sandbox", "ID_OR_NAME", "Sandbox to link it to",
          [spec](const std::string& sandbox) { spec->set_linked_sandbox(sandbox); });
  AddSwitch(command, "--spot", "Run it on spare capacity: cheaper, may be evicted",
            [spec](bool on) { spec->set_spot(on); });
  AddSwitch(command, "--kvm", "Let it run virtual machines itself", [spec](bool on) { spec->set_kvm(on); });
  AddSwitch(command, "--strict", "Fail if the server does not know something that is asked for",
            [spec](bool on) { spec->set_strict(on); });
}

void AddSandboxFilterFlags(CLI::App* command, v1::SandboxFilter* filter) {
  AddText(command, "--id-prefix", "TEXT", "Only ids that begin with this",
          [filter](const std::string& text) { filter->set_id_prefix(text); });
  AddText(command, "--name-prefix", "TEXT", "Only names that begin with this",
          [filter](const std::string& text) { filter->set_name_prefix(text); });
  AddKeyValues(command, "--label", "KEY=VALUE", "Only those with this label", filter->mutable_labels());
  AddRepeatedText(command, "--state", "STATE", "Only those in this state (or one of these)",
                  EnumOrText<v1::SandboxState>([filter](v1::SandboxState known) { filter->add_states(known); },
                                               [filter](const std::string& text) { filter->add_state_texts(text); }));
  AddRepeatedText(command, "--snapshot", "NAME", "Only those created from this snapshot (or one of these)",
                  [filter](const std::string& name) { filter->add_snapshots(name); });
  AddRepeatedText(command, "--target", "REGION", "Only those in this region (or one of these)",
                  [filter](const std::string& target) { filter->add_targets(target); });
  AddRepeatedText(
      command, "--class", "CLASS", "Only this kind of machine (or one of these)",
      EnumOrText<v1::SandboxClass>([filter](v1::SandboxClass known) { filter->add_sandbox_classes(known); },
                                   [filter](const std::string& text) { filter->add_sandbox_class_texts(text); }));
  AddDecimal(command, "--min-cpu", "CPU cores at least", [filter](double n) { filter->set_min_cpu(n); });
  AddDecimal(command, "--max-cpu", "CPU cores at most", [filter](double n) { filter->set_max_cpu(n); });
  AddDecimal(command, "--min-memory", "Memory in GiB at least", [filter](double n) { filter->set_min_memory_gib(n); });
  AddDecimal(command, "--max-memory", "Memory in GiB at most", [filter](double n) { filter->set_max_memory_gib(n); });
  AddDecimal(command, "--min-disk", "Disk in GiB at least", [filter](double n) { filter->set_min_disk_gib(n); });
  AddDecimal(command, "--max-disk", "Disk in GiB at most", [filter](double n) { filter->set_max_disk_gib(n); });
  AddNumber(command, "--min-gpu", "GPUs at least", [filter](int n) { filter->set_min_gpu(n); });
  AddNumber(command, "--max-gpu", "GPUs at most", [filter](int n) { filter->set_max_gpu(n); });
  AddSwitch(command, "--public", "Only those with (=false: without) public preview links",
            [filter](bool on) { filter->set_is_public(on); });
  AddSwitch(command, "--recoverable", "Only those that are (=false: are not) in a recoverable error state",
            [filter](bool on) { filter->set_is_recoverable(on); });
  AddSwitch(command, "--include-errored-deleted", "Also those in an error state whose deletion was asked for",
            [filter](bool on) { filter->set_include_errored_deleted(on); });
  AddSwitch(command, "--include-warm", "Also those that wait in a warm pool",
            [filter](bool on) { filter->set_include_warm(on); });
  AddTime(command, "--created-after", "Created after this", [filter] { return filter->mutable_created_at_after(); });
  AddTime(command, "--created-before", "Created before this", [filter] { return filter->mutable_created_at_before(); });
  AddTime(command, "--active-after", "Last active after this",
          [filter] { return filter->mutable_last_activity_after(); });
  AddTime(command, "--active-before", "Last active before this",
          [filter] { return filter->mutable_last_activity_before(); });
  AddTime(command, "--auto-destroy-after", "To be deleted by its time to live after this",
          [filter] { return filter->mutable_auto_destroy_at_after(); });
  AddTime(command, "--auto-destroy-before", "To be deleted by its time to live before this",
          [filter] { return filter->mutable_auto_destroy_at_before(); });
}

}  // namespace daytonad::cli
