#ifndef DAYTONAD_DAEMON_OPERATIONS_JOURNAL_TESTING_STATE_DIRECTORY_H_
#define DAYTONAD_DAEMON_OPERATIONS_JOURNAL_TESTING_STATE_DIRECTORY_H_

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

namespace daytonad {

// Where a journal is made in a test.
class StateDirectory {
 public:
  StateDirectory() {
    std::string pattern = std::filesystem::temp_directory_path() / "daytonad-state-XXXXXX";
    parent_ = ::mkdtemp(pattern.data());
  }
  ~StateDirectory() {
    std::error_code ignored;
    std::filesystem::remove_all(parent_, ignored);
  }
  StateDirectory(const StateDirectory&) = delete;
  StateDirectory& operator=(const StateDirectory&) = delete;

  std::string path() const { return parent_ + "/state"; }
  std::string file(const std::string& name = "requests.journal") const { return path() + "/" + name; }

  std::string Read(const std::string& name = "requests.journal") const {
    std::ifstream stream(file(name), std::ios::binary);
    return {std::istreambuf_iterator<char>(stream), {}};
  }
  void Write(const std::string& bytes) const { std::ofstream(file(), std::ios::binary | std::ios::trunc) << bytes; }

 private:
  std::string parent_;
};

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_OPERATIONS_JOURNAL_TESTING_STATE_DIRECTORY_H_
