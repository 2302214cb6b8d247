#ifndef DAYTONAD_DAEMON_NET_TESTING_TEST_CERTIFICATES_H_
#define DAYTONAD_DAEMON_NET_TESTING_TEST_CERTIFICATES_H_

#include <string>

namespace daytonad {

// A certificate authority made on the spot, and a server's certificate for 127.0.0.1 that it signed. All PEM files.
struct TestCertificates {
  std::string ca_file;
  std::string certificate_file;
  std::string key_file;

  // Writes the files into an existing directory.
  static TestCertificates Make(const std::string& directory);
};

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_NET_TESTING_TEST_CERTIFICATES_H_
