#include "client/cli/create/source_flags.h"

#include <fstream>
#include <iostream>
#include <iterator>
#include <optional>
#include <string>

#include <google/protobuf/io/tokenizer.h>
#include <google/protobuf/text_format.h>
#include <google/protobuf/util/json_util.h>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "client/cli/base/text.h"

namespace daytonad::cli {
namespace {

// Keeps the parser's first error.
class FirstError : public google::protobuf::io::ErrorCollector {
 public:
  void AddError(int line, google::protobuf::io::ColumnNumber column, const std::string& message) override {
    if (text_.empty()) text_ = absl::StrCat("line ", line + 1, ", column ", column + 1, ": ", message);
  }
  const std::string& text() const { return text_; }

 private:
  std::string text_;
};

}  // namespace

std::string ReadText(const std::string& flag, const std::string& path) {
  std::ifstream file;
  if (path != "-") file.open(path, std::ios::binary);
  std::istream& in = path == "-" ? std::cin : file;
  std::string text(std::istreambuf_iterator<char>(in), {});
  if (!in.good() && !in.eof()) throw CLI::ValidationError(flag, "can't read " + path);
  text = absl::StrReplaceAll(text, {{"\r\n", "\n"}, {"\r", "\n"}});
  if (const std::optional<int> before = LinesBeforeNonUtf8(text)) {
    throw CLI::ValidationError(flag, absl::StrCat(path, " is not UTF-8 on line ", *before + 1, "; save it as UTF-8"));
  }
  return text;
}

v1::Image ReadImage(const std::string& flag, const std::string& path) {
  const std::string text = ReadText(flag, path);
  v1::Image image;
  std::string problem;
  if (absl::StripLeadingAsciiWhitespace(text).substr(0, 1) == "{") {
    problem = google::protobuf::util::JsonStringToMessage(text, &image).message().as_string();
  } else {
    FirstError error;
    google::protobuf::TextFormat::Parser parser;
    parser.RecordErrorsTo(&error);
    parser.ParseFromString(text, &image);
    problem = error.text();
  }
  if (!problem.empty())
    throw CLI::ValidationError(flag, path + " is not an image, neither as JSON nor as text: " + problem);
  return image;
}

}  // namespace daytonad::cli
