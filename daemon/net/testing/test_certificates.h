#ifndef DAYTONAD_DAEMON_NET_TESTING_TEST_CERTIFICATES_H_
#define DAYTONAD_DAEMON_NET_TESTING_TEST_CERTIFICATES_H_

#include <memory>
#include <string>

namespace daytonad {

// A certificate authority made on the spot. Its files are PEM.
class TestAuthority {
 public:
  // Of a server's certificate.
  struct Server {
    std::string certificate_file;
    std::string key_file;
  };
  struct ServerOptions {
    std::string name = "IP:127.0.0.1";  // or "DNS:example.test"
    bool expired = false;
  };

  // Writes its files into an existing directory.
  explicit TestAuthority(std::string directory);
  ~TestAuthority();

  const std::string& ca_file() const { return ca_file_; }
  // A new key and a certificate for it, in files that begin with `file_name`; a second call replaces them.
  Server Issue(const std::string& file_name, const ServerOptions& options);

 private:
  struct Keys;

  const std::string directory_;
  std::string ca_file_;
  std::unique_ptr<Keys> keys_;
};

// An authority, and a server's certificate for 127.0.0.1 that it signed.
struct TestCertificates {
  std::string ca_file;
  std::string certificate_file;
  std::string key_file;

  // Writes the files into an existing directory.
  static TestCertificates Make(const std::string& directory);
};

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_NET_TESTING_TEST_CERTIFICATES_H_
