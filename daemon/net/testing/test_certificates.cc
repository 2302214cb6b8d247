#include "daemon/net/testing/test_certificates.h"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <cstdio>
#include <memory>
#include <stdexcept>
#include <utility>

namespace daytonad {
namespace {

template <auto kFree>
struct Freer {
  template <typename T>
  void operator()(T* object) const {
    kFree(object);
  }
};
using Key = std::unique_ptr<EVP_PKEY, Freer<EVP_PKEY_free>>;
using Certificate = std::unique_ptr<X509, Freer<X509_free>>;
using Extension = std::unique_ptr<X509_EXTENSION, Freer<X509_EXTENSION_free>>;
using File = std::unique_ptr<std::FILE, Freer<std::fclose>>;

void Require(bool ok, const char* what) {
  if (!ok) throw std::runtime_error(what);
}

Key NewKey() {
  Key key(EVP_EC_gen("P-256"));
  Require(key != nullptr, "EVP_EC_gen");
  return key;
}

void AddExtension(X509* certificate, X509* issuer, int nid, const char* value) {
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  const Extension extension(X509V3_EXT_conf_nid(nullptr, &context, nid, value));
  Require(extension != nullptr && X509_add_ext(certificate, extension.get(), -1) == 1, "X509_add_ext");
}

// Valid for an hour to either side of now, or for the hour before that. Signed by itself if `issuer` is null; else
// `alternative` names whom it is for.
Certificate NewCertificate(const char* common_name, long serial, EVP_PKEY* key, X509* issuer, EVP_PKEY* issuer_key,
                           const std::string& alternative, bool expired) {
  constexpr long kHour = 3600;
  Certificate certificate(X509_new());
  X509* const x509 = certificate.get();
  X509_set_version(x509, 2);
  ASN1_INTEGER_set(X509_get_serialNumber(x509), serial);
  X509_gmtime_adj(X509_getm_notBefore(x509), expired ? -2 * kHour : -kHour);
  X509_gmtime_adj(X509_getm_notAfter(x509), expired ? -kHour : kHour);
  X509_set_pubkey(x509, key);
  X509_NAME_add_entry_by_txt(X509_get_subject_name(x509), "CN", MBSTRING_ASC,
                             reinterpret_cast<const unsigned char*>(common_name), -1, -1, 0);
  X509* const signer = issuer != nullptr ? issuer : x509;
  X509_set_issuer_name(x509, X509_get_subject_name(signer));
  if (issuer == nullptr) {
    AddExtension(x509, x509, NID_basic_constraints, "critical,CA:TRUE");
  } else {
    AddExtension(x509, issuer, NID_subject_alt_name, alternative.c_str());
  }
  Require(X509_sign(x509, issuer_key, EVP_sha256()) > 0, "X509_sign");
  return certificate;
}

std::string WritePem(const std::string& path, const auto& write) {
  const File file(std::fopen(path.c_str(), "w"));
  Require(file != nullptr && write(file.get()) == 1, "cannot write a PEM file");
  return path;
}

}  // namespace

struct TestAuthority::Keys {
  Key key = NewKey();
  Certificate certificate = NewCertificate("Test CA", 1, key.get(), nullptr, key.get(), "", /*expired=*/false);
  long last_serial = 1;
};

TestAuthority::TestAuthority(std::string directory)
    : directory_(std::move(directory)), keys_(std::make_unique<Keys>()) {
  ca_file_ = WritePem(directory_ + "/ca.pem",
                      [this](std::FILE* file) { return PEM_write_X509(file, keys_->certificate.get()); });
}

TestAuthority::~TestAuthority() = default;

TestAuthority::Server TestAuthority::Issue(const std::string& file_name, const ServerOptions& options) {
  const Key key = NewKey();
  const Certificate certificate = NewCertificate("server", ++keys_->last_serial, key.get(), keys_->certificate.get(),
                                                 keys_->key.get(), options.name, options.expired);
  Server server;
  server.certificate_file = WritePem(directory_ + "/" + file_name + "-cert.pem",
                                     [&](std::FILE* file) { return PEM_write_X509(file, certificate.get()); });
  server.key_file = WritePem(directory_ + "/" + file_name + "-key.pem", [&](std::FILE* file) {
    return PEM_write_PrivateKey(file, key.get(), nullptr, nullptr, 0, nullptr, nullptr);
  });
  return server;
}

TestCertificates TestCertificates::Make(const std::string& directory) {
  TestAuthority authority(directory);
  const TestAuthority::Server server = authority.Issue("server", TestAuthority::ServerOptions());
  return {authority.ca_file(), server.certificate_file, server.key_file};
}

}  // namespace daytonad
