#ifndef DAYTONAD_DAEMON_API_CODE_LANGUAGE_H_
#define DAYTONAD_DAEMON_API_CODE_LANGUAGE_H_

#include <map>
#include <string>

#include "daytonad/v1/sandbox.pb.h"

namespace daytonad {

// The label in which Daytona keeps a sandbox's language.
inline constexpr char kLanguageLabel[] = "code-toolbox-language";

// The label's value for the language that the spec asks for.
inline std::string LanguageText(const v1::SandboxSpec& spec) {
  if (!spec.language_text().empty()) return spec.language_text();
  switch (spec.language()) {
    case v1::CODE_LANGUAGE_TYPESCRIPT:
      return "typescript";
    case v1::CODE_LANGUAGE_JAVASCRIPT:
      return "javascript";
    default:
      return "python";
  }
}

// The labels of a new sandbox with this spec, in a stable order. Those of the spec do not override the language.
inline std::map<std::string, std::string> LabelsOf(const v1::SandboxSpec& spec) {
  std::map<std::string, std::string> labels(spec.labels().begin(), spec.labels().end());
  labels[kLanguageLabel] = LanguageText(spec);
  return labels;
}

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_API_CODE_LANGUAGE_H_
