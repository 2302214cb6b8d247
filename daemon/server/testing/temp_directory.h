#ifndef DAYTONAD_DAEMON_SERVER_TESTING_TEMP_DIRECTORY_H_
#define DAYTONAD_DAEMON_SERVER_TESTING_TEMP_DIRECTORY_H_

#include <cstdlib>
#include <filesystem>
#include <string>

namespace daytonad {

// A directory of a test's own, short enough for the sockets in it, removed at the end.
class TempDirectory {
 public:
  TempDirectory() {
    std::string pattern = "/tmp/daytonad-test-XXXXXX";
    path_ = ::mkdtemp(pattern.data());
  }
  TempDirectory(const TempDirectory&) = delete;
  TempDirectory& operator=(const TempDirectory&) = delete;
  ~TempDirectory() { std::filesystem::remove_all(path_); }

  const std::string& path() const { return path_; }
  std::string File(const std::string& name) const { return path_ + "/" + name; }

 private:
  std::string path_;
};

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_SERVER_TESTING_TEMP_DIRECTORY_H_
