#ifndef DAYTONAD_DAEMON_OPERATIONS_IMAGE_TESTING_RANDOM_IMAGE_H_
#define DAYTONAD_DAEMON_OPERATIONS_IMAGE_TESTING_RANDOM_IMAGE_H_

#include <cstdint>
#include <random>
#include <string>

#include "daemon/operations/image/testing/fake_host_files.h"
#include "daytonad/v1/image.pb.h"

namespace daytonad {

// Images made of text that means something to shells, to Docker or to JSON. The same seed makes the same images.
class RandomImages {
 public:
  explicit RandomImages(uint64_t seed) : random_(seed) {}

  v1::Image Next();

  // Mostly harmless text, now and then trouble.
  std::string Text();

 private:
  uint64_t Below(uint64_t end) { return random_() % end; }
  bool OneIn(uint64_t n) { return Below(n) == 0; }
  std::string Lines();
  v1::FileSource File();
  v1::DirectorySource Directory();
  v1::PipOptions Options();
  v1::ImageStep Step();

  std::mt19937_64 random_;
};

// The files that the images name now and then.
FakeHostFiles RandomImageFiles();

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_OPERATIONS_IMAGE_TESTING_RANDOM_IMAGE_H_
