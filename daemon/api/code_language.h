#ifndef DAYTONAD_DAEMON_API_CODE_LANGUAGE_H_
#define DAYTONAD_DAEMON_API_CODE_LANGUAGE_H_

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

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_API_CODE_LANGUAGE_H_
