#include "client/cli/base/error_text.h"

#include <chrono>
#include <cstdio>
#include <string>
#include <utility>

#include "client/cli/base/text.h"

namespace daytonad::cli {
namespace {

// If there are very many, the daemon sends only the first ones.
std::string CountOfViolations(const client::Error& error) {
  const auto all = error.metadata.find("violations");
  return all == error.metadata.end() ? std::to_string(error.violations.size()) : Printable(all->second);
}

// The first line. The daemon's message names all violations. If there are several, each gets a line below, so the
// headline only counts them.
std::string Headline(const client::Error& error) {
  if (error.violations.size() > 1) return CountOfViolations(error) + " things are wrong with the request";
  return error.message.empty() ? client::CodeName(error.code) : error.message;
}

bool IsInHeadline(const client::Error::FieldViolation& violation, const std::string& headline) {
  return headline.find(violation.field + ": " + violation.description) != std::string::npos ||
         (violation.field.empty() && headline.find(violation.description) != std::string::npos);
}

}  // namespace

std::string ErrorToText(const client::Error& error) {
  const std::string headline = Headline(error);
  std::string text = "error: " + Printable(headline) + '\n';
  for (const auto& violation : error.violations) {
    if (IsInHeadline(violation, headline)) continue;
    text += "  " + (violation.field.empty() ? "" : Printable(violation.field) + ": ") +
            Printable(violation.description) + '\n';
  }
  if (error.retry_delay.has_value()) {
    char seconds[32];
    std::snprintf(seconds, sizeof(seconds), "%.3g", std::chrono::duration<double>(*error.retry_delay).count());
    text += std::string("  try again in ") + seconds + " s\n";
  }
  text += "  code: " + client::CodeName(error.code) + '\n';
  if (!error.reason.empty()) text += "  reason: " + Printable(error.reason) + '\n';
  for (const auto& [key, value] : error.metadata) text += "  " + Printable(key) + ": " + Printable(value) + '\n';
  return text;
}

client::Error ExplainConnection(client::Error error, const std::string& address, bool was_connected) {
  if (error.code != grpc::StatusCode::UNAVAILABLE || !error.reason.empty()) return error;
  if (was_connected) {
    error.message = "the connection to the daemon at " + address + " broke (" + error.message + ")";
  } else {
    error.message = "no daemon answers at " + address + " (" + error.message + "); start one with `daytonad --listen " +
                    address + "`, or say where it is with --address or DAYTONAD_ADDRESS";
  }
  return error;
}

std::string WarningLine(const v1::Warning& warning) {
  return "warning: " + Printable(warning.message()) + " (" + Printable(warning.reason()) + ")";
}

client::Error EndedWithoutResult() {
  client::Error error;
  error.code = grpc::StatusCode::INTERNAL;
  error.message = "the daemon ended the stream without a result";
  return error;
}

}  // namespace daytonad::cli
