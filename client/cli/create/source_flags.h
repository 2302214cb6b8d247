#ifndef DAYTONAD_CLIENT_CLI_CREATE_SOURCE_FLAGS_H_
#define DAYTONAD_CLIENT_CLI_CREATE_SOURCE_FLAGS_H_

#include <algorithm>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>

#include "client/cli/base/flags.h"
#include "daytonad/v1/common.pb.h"
#include "daytonad/v1/image.pb.h"

namespace daytonad::cli {

// The text of a file, read as the Python SDK reads it: UTF-8, each kind of line end as LF. "-" is standard input.
std::string ReadText(const std::string& flag, const std::string& path);

// The Image in a file, as JSON or in protobuf's text format. JSON begins with a brace; text does not.
v1::Image ReadImage(const std::string& flag, const std::string& path);

// --cpu, --memory, --disk, --gpu and --gpu-type. `mutable_resources` is called only when a flag is given, because the
// contract tells empty resources from absent ones.
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

// --image, --dockerfile, --declarative and --context. `context` becomes the directory of --context, which goes with a
// Dockerfile. `source` is the group of flags of which only one may be given.
template <typename Spec>
void AddSourceFlags(CLI::App* command, Spec* spec, std::string* context, CLI::Option_group* source) {
  AddText(source, "--image", "REFERENCE", "Image to make it from (python:3.12-slim)",
          [spec](const std::string& image) { spec->set_image(image); });
  CLI::Option* dockerfile =
      AddText(source, "--dockerfile", "FILE", "Dockerfile to build it from; - reads standard input",
              [spec](const std::string& path) { spec->set_dockerfile(ReadText("--dockerfile", path)); });
  AddText(source, "--declarative", "FILE", "Image to build it from: the contract's Image as JSON or text; - as above",
          [spec](const std::string& path) { *spec->mutable_declarative_image() = ReadImage("--declarative", path); });
  AddText(command, "--context", "DIR",
          "Directory with what the Dockerfile copies, without what its .dockerignore names",
          [context](const std::string& directory) { *context = directory; })
      ->needs(dockerfile);
}

}  // namespace daytonad::cli

#endif  // DAYTONAD_CLIENT_CLI_CREATE_SOURCE_FLAGS_H_
