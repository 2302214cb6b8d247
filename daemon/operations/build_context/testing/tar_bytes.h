#ifndef DAYTONAD_DAEMON_OPERATIONS_BUILD_CONTEXT_TESTING_TAR_BYTES_H_
#define DAYTONAD_DAEMON_OPERATIONS_BUILD_CONTEXT_TESTING_TAR_BYTES_H_

#include <cstddef>
#include <string>
#include <string_view>

#include "absl/strings/str_format.h"

// Tars byte by byte, right or wrong as a test likes them.
namespace daytonad {

inline std::string Padded(std::string_view data) {
  std::string padded(data);
  padded.resize((data.size() + 511) / 512 * 512, '\0');
  return padded;
}

// Makes the checksum of the header at `offset` right again.
inline void FixChecksum(std::string& tar, size_t offset) {
  tar.replace(offset + 148, 8, 8, ' ');
  unsigned sum = 0;
  for (size_t i = offset; i < offset + 512; ++i) sum += static_cast<unsigned char>(tar[i]);
  tar.replace(offset + 148, 8, absl::StrFormat("%06o", sum) + std::string("\0 ", 2));
}

// An entry's header: `type` as tar writes it, '0' a file, '5' a directory, '2' a symbolic link.
inline std::string TarHeader(std::string_view path, char type, size_t size, std::string_view link = "") {
  std::string header(512, '\0');
  const auto put = [&header](size_t offset, std::string_view text) { header.replace(offset, text.size(), text); };
  put(0, path.substr(0, 100));
  put(100, "0000640");
  put(124, absl::StrFormat("%011o", size));
  put(136, absl::StrFormat("%011o", 1700000000));
  header[156] = type;
  put(157, link.substr(0, 100));
  put(257, std::string_view("ustar\00000", 8));
  FixChecksum(header, 0);
  return header;
}

inline std::string TarEntry(std::string_view path, char type, std::string_view data = "", std::string_view link = "") {
  return TarHeader(path, type, data.size(), link) + Padded(data);
}

inline std::string TarFile(std::string_view path, std::string_view data) { return TarEntry(path, '0', data); }
inline std::string TarDirectory(std::string_view path) { return TarEntry(path, '5'); }
inline std::string TarLink(std::string_view path, std::string_view to) { return TarEntry(path, '2', "", to); }
inline std::string TarEnd() { return std::string(1024, '\0'); }

// One record of a pax header.
inline std::string PaxRecord(const std::string& key, const std::string& value) {
  const size_t fixed = key.size() + value.size() + 3;  // the space, "=" and the newline
  size_t length = fixed;
  while (length != fixed + std::to_string(length).size()) ++length;
  return absl::StrFormat("%d %s=%s\n", length, key, value);
}

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_OPERATIONS_BUILD_CONTEXT_TESTING_TAR_BYTES_H_
