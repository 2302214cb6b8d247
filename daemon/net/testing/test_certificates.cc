#include "daemon/net/testing/test_certificates.h"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <cstdio>
#include <memory>
#include <stdexcept>

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

// Valid for an hour to either side of now. Signed by itself if `issuer` is null.
Certificate NewCertificate(const char* common_name, long serial, EVP_PKEY* key, X509* issuer, EVP_PKEY* issuer_key) {
  Certificate certificate(X509_new());
  X509* const x509 = certificate.get();
  X509_set_version(x509, 2);
  ASN1_INTEGER_set(X509_get_serialNumber(x509), serial);
  X509_gmtime_adj(X509_getm_notBefore(x509), -3600);
  X509_gmtime_adj(X509_getm_notAfter(x509), 3600);
  X509_set_pubkey(x509, key);
  X509_NAME_add_entry_by_txt(X509_get_subject_name(x509), "CN", MBSTRING_ASC,
                             reinterpret_cast<const unsigned char*>(common_name), -1, -1, 0);
  X509* const signer = issuer != nullptr ? issuer : x509;
  X509_set_issuer_name(x509, X509_get_subject_name(signer));
  if (issuer == nullptr) {
    AddExtension(x509, x509, NID_basic_constraints, "critical,CA:TRUE");
  } else {
    AddExtension(x509, issuer, NID_subject_alt_name, "IP:127.0.0.1");
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

TestCertificates TestCertificates::Make(const std::string& directory) {
  const Key ca_key = NewKey();
  const Certificate ca = NewCertificate("Test CA", 1, ca_key.get(), nullptr, ca_key.get());
  const Key key = NewKey();
  const Certificate certificate = NewCertificate("127.0.0.1", 2, key.get(), ca.get(), ca_key.get());

  TestCertificates files;
  files.ca_file = WritePem(directory + "/ca.pem", [&](std::FILE* file) { return PEM_write_X509(file, ca.get()); });
  files.certificate_file =
      WritePem(directory + "/cert.pem", [&](std::FILE* file) { return PEM_write_X509(file, certificate.get()); });
  files.key_file = WritePem(directory + "/key.pem", [&](std::FILE* file) {
    return PEM_write_PrivateKey(file, key.get(), nullptr, nullptr, 0, nullptr, nullptr);
  });
  return files;
}

}  // namespace daytonad
