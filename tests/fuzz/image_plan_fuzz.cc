// Planning any v1.Image: the result has exactly the instructions of the image.
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "absl/status/statusor.h"
#include "daemon/operations/image/plan.h"
#include "daemon/operations/image/testing/instruction_lister.h"
#include "daemon/operations/image/testing/random_image.h"
#include "google/protobuf/stubs/logging.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const daytonad::FakeHostFiles* const files = new daytonad::FakeHostFiles(daytonad::RandomImageFiles());
  // Otherwise it would log each invalid UTF-8 string.
  google::protobuf::SetLogHandler(nullptr);
  daytonad::v1::Image image;
  if (!image.ParseFromArray(data, static_cast<int>(size))) return 0;
  const absl::StatusOr<daytonad::BuildPlan> plan = daytonad::PlanImage(image, "image", *files);
  if (!plan.ok()) return 0;
  const std::string problem = daytonad::FindInjection(image, *plan, *files);
  if (problem.empty()) return 0;
  std::fprintf(stderr, "%s\n%s\n", image.DebugString().c_str(), problem.c_str());
  std::abort();
}
