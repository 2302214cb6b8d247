// The official Python SDK's Dockerfiles and contexts, byte for byte. tests/sdk/record_python_images.py recorded them,
// and describes the format; where we mean to differ, the record says so and why.
#include <fstream>
#include <string>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "daemon/base/absl_view.h"
#include "daemon/base/error.h"
#include "daemon/operations/image/archive_path.h"
#include "daemon/operations/image/plan.h"
#include "daemon/operations/image/testing/fake_host_files.h"
#include "gmock/gmock.h"
#include "google/protobuf/util/json_util.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"

namespace daytonad {
namespace {

using nlohmann::json;

std::vector<json> ReadRecords() {
  std::ifstream file(DAYTONAD_PYTHON_IMAGES);
  std::vector<json> records;
  for (std::string line; std::getline(file, line);) records.push_back(json::parse(line));
  return records;
}

FakeHostFiles FilesOf(const json& header) {
  FakeHostFiles files;
  for (const auto& [path, content] : header.at("files").items()) files.AddFile(path, content.get<std::string>());
  for (const auto& [path, hex] : header.at("bytes").items()) {
    files.AddFile(path, absl::HexStringToBytes(hex.get<std::string>()));
  }
  for (const json& path : header.at("directories")) files.AddDirectory(path.get<std::string>());
  return files;
}

json ContextsOf(const BuildPlan& plan) {
  json contexts = json::array();
  for (const ContextSource& context : plan.contexts) {
    contexts.push_back({NormalizePath(std::get<HostPath>(context.content).path), context.archive_path});
  }
  return contexts;
}

void ExpectSame(const json& record, const FakeHostFiles& files) {
  v1::Image image;
  ASSERT_TRUE(google::protobuf::util::JsonStringToMessage(record.at("image").dump(), &image).ok());
  const absl::StatusOr<BuildPlan> plan = PlanImage(image, "spec.image", files);

  if (record.contains("refused")) {
    ASSERT_FALSE(plan.ok()) << plan->dockerfile;
    const std::string field = absl::StrCat("spec.image.", record.at("refused").get<std::string>(), ": ");
    EXPECT_TRUE(absl::StartsWith(plan.status().message(), field)) << plan.status();
    // A refusal is the SDK's own, or has a reason.
    EXPECT_TRUE(record.at("python").contains("error") || record.contains("differs"));
    return;
  }
  ASSERT_TRUE(plan.ok()) << plan.status();
  json expected = record.at("python");
  if (record.contains("differs")) {
    expected.update(record.at("differs"));
    expected.erase("reason");
    EXPECT_NE(expected, record.at("python")) << "there is no difference";
  }
  ASSERT_TRUE(expected.contains("dockerfile")) << "the SDK refuses it";
  EXPECT_EQ(plan->dockerfile, expected.at("dockerfile").get<std::string>());
  // The SDK names a context as the line writes it, "./src/": its tar has the same names.
  for (json& context : expected.at("contexts")) {
    const std::string name = ArchivePath(context[1].get<std::string>());
    context[1] = name.empty() ? "." : name;
  }
  EXPECT_EQ(ContextsOf(*plan), expected.at("contexts"));
}

TEST(PythonImagesTest, DockerfilesAndContextsAreThoseOfTheSdk) {
  const std::vector<json> records = ReadRecords();
  ASSERT_GT(records.size(), 400U);
  const FakeHostFiles files = FilesOf(records.front());
  for (size_t i = 1; i < records.size(); ++i) {
    SCOPED_TRACE(records[i].dump(-1, ' ', /*ensure_ascii=*/true));
    ExpectSame(records[i], files);
  }
}

}  // namespace
}  // namespace daytonad
