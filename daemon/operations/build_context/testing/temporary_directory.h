#ifndef DAYTONAD_DAEMON_OPERATIONS_BUILD_CONTEXT_TESTING_TEMPORARY_DIRECTORY_H_
#define DAYTONAD_DAEMON_OPERATIONS_BUILD_CONTEXT_TESTING_TEMPORARY_DIRECTORY_H_

#include <filesystem>
#include <fstream>
#include <string>
#include <system_error>

#include <cstdlib>

namespace daytonad {

// A directory for one test, removed with all that is in it.
class TemporaryDirectory {
 public:
  TemporaryDirectory() {
    // Without links in its own path, wherever the system's is.
    const auto parent = std::filesystem::canonical(std::filesystem::temp_directory_path());
    std::string pattern = (parent / "daytonad-context-XXXXXX").string();
    path_ = ::mkdtemp(pattern.data());
  }
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;
  ~TemporaryDirectory() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }

  const std::string& path() const { return path_; }
  std::string Path(const std::string& name) const { return path_ + "/" + name; }

  // Makes a file, and the directories that it is in.
  void Write(const std::string& name, const std::string& content) const {
    std::filesystem::create_directories(std::filesystem::path(Path(name)).parent_path());
    std::ofstream(Path(name), std::ios::binary) << content;
  }

 private:
  std::string path_;
};

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_OPERATIONS_BUILD_CONTEXT_TESTING_TEMPORARY_DIRECTORY_H_
