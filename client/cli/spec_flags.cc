#include "client/cli/spec_flags.h"

#include <algorithm>
#include <fstream>
#include <iostream>
#include <iterator>
#include <optional>
#include <string>
#include <vector>

#include <google/protobuf/io/tokenizer.h>
#include <google/protobuf/text_format.h>
#include <google/protobuf/util/json_util.h>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "client/cli/base/flags.h"
#include "client/cli/base/text.h"

namespace daytonad::cli {
namespace {

// The file's text, as the Python SDK reads it: UTF-8, with LF for every kind of line end. "-" is standard input.
std::string ReadText(const std::string& flag, const std::string& path) {
  std::ifstream file;
  if (path != "-") file.open(path, std::ios::binary);
  std::istream& in = path == "-" ? std::cin : file;
  std::string text(std::istreambuf_iterator<char>(in), {});
  if (!in.good() && !in.eof()) throw CLI::ValidationError(flag, "can't read " + path);
  text = absl::StrReplaceAll(text, {{"\r\n", "\n"}, {"\r", "\n"}});
  if (const std::optional<int> before = LinesBeforeNonUtf8(text)) {
    throw CLI::ValidationError(flag, absl::StrCat(path, " is not UTF-8 on line ", *before + 1, "; save it as UTF-8"));
  }
  return text;
}

// `mutable_resources` is called only when a flag is given: resources that are there, though empty, mean something.
template <typename Spec>
void AddResourceFlags(CLI::App* command, Spec* spec) {
  AddDecimal(command, "--cpu", "CPU cores", [spec](double n) { spec->mutable_resources()->set_cpu(n); });
  AddDecimal(command, "--memory", "Memory in GiB", [spec](double n) { spec->mutable_resources()->set_memory_gib(n); });
  AddDecimal(command, "--disk", "Disk in GiB", [spec](double n) { spec->mutable_resources()->set_disk_gib(n); });
  AddNumber(command, "--gpu", "Number of GPUs", [spec](int n) { spec->mutable_resources()->set_gpu(n); });
  const auto set_gpu_types = [spec](const std::vector<std::string>& words) {
    v1::Resources* resources = spec->mutable_resources();
    const auto known = [](const std::string& word) { return FindEnumValue(v1::GpuType_descriptor(), word); };
    // The contract takes one of the two lists: enum values if all of them are known here.
    const bool all_known =
        std::all_of(words.begin(), words.end(), [&](const auto& word) { return known(word).has_value(); });
    for (const std::string& word : words) {
      if (all_known) {
        resources->add_gpu_types(static_cast<v1::GpuType>(*known(word)));
      } else {
        resources->add_gpu_type_texts(word);
      }
    }
  };
  command
      ->add_option_function<std::vector<std::string>>(
          "--gpu-type", set_gpu_types, "Acceptable kind of GPU, the preferred one first (H100, RTX-PRO-6000)")
      ->allow_extra_args(false)
      ->type_name("TYPE");
}

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

// The first thing that a text form is said to be wrong in.
class FirstError : public google::protobuf::io::ErrorCollector {
 public:
  void AddError(int line, google::protobuf::io::ColumnNumber column, const std::string& message) override {
    if (text_.empty()) text_ = absl::StrCat("line ", line + 1, ", column ", column + 1, ": ", message);
  }
  const std::string& text() const { return text_; }

 private:
  std::string text_;
};

// Only JSON begins with a brace.
v1::Image ParseImage(const std::string& flag, const std::string& path) {
  const std::string text = ReadText(flag, path);
  v1::Image image;
  std::string problem;
  if (absl::StripLeadingAsciiWhitespace(text).substr(0, 1) == "{") {
    problem = google::protobuf::util::JsonStringToMessage(text, &image).message().as_string();
  } else {
    FirstError error;
    google::protobuf::TextFormat::Parser parser;
    parser.RecordErrorsTo(&error);
    parser.ParseFromString(text, &image);
    problem = error.text();
  }
  if (!problem.empty()) throw CLI::ValidationError(flag, path + " is no image, as JSON or as text: " + problem);
  return image;
}

template <typename Spec>
void AddSourceFlags(CLI::App* command, Spec* spec, std::string* context, CLI::Option_group* source) {
  AddText(source, "--image", "REFERENCE", "Image to make it from (python:3.12-slim)",
          [spec](const std::string& image) { spec->set_image(image); });
  CLI::Option* dockerfile =
      AddText(source, "--dockerfile", "FILE", "Dockerfile to build it from; - reads standard input",
              [spec](const std::string& path) { spec->set_dockerfile(ReadText("--dockerfile", path)); });
  AddText(source, "--declarative", "FILE", "Image to build it from: the contract's Image as JSON or text; - as above",
          [spec](const std::string& path) { *spec->mutable_declarative_image() = ParseImage("--declarative", path); });
  AddText(command, "--context", "DIR",
          "Directory with what the Dockerfile copies, without what its .dockerignore names",
          [context](const std::string& directory) { *context = directory; })
      ->needs(dockerfile);
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
