// What `sandbox create` and `snapshot create` have in common.
//
// A Kind says what is different:
//   kWord                  "sandbox"
//   Request, StreamRequest, Response, Event    messages of the unary and of the streaming call
//   Stub(client), kCall, kStream               where and how they are called
//   StateIn(event)         the object in an event that reports a state
//   In(response)           the object in a response, to be written
//   NameOf(request)        the name that the object has, or will be given
#ifndef DAYTONAD_CLIENT_CLI_CREATE_CREATE_COMMAND_H_
#define DAYTONAD_CLIENT_CLI_CREATE_CREATE_COMMAND_H_

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <CLI/CLI.hpp>

#include "client/cli/base/error_text.h"
#include "client/cli/base/flags.h"
#include "client/cli/base/session.h"
#include "client/cli/build/context_uploads.h"
#include "client/cli/create/create_names.h"
#include "client/cli/create/create_progress.h"
#include "daytonad/v1/image.pb.h"

namespace daytonad::cli {

template <typename Kind>
struct CreateOptions {
  typename Kind::StreamRequest request;
  std::string context;  // a directory whose files the Dockerfile copies; empty: none
  bool wait = true;
  bool quiet = false;
  bool logs = true;
};

// The flags that do not belong to the object itself.
template <typename Kind>
void AddCreateFlags(CLI::App* command, CreateOptions<Kind>* options) {
  AddTimeout(command, &options->request, "all of it");
  AddRequestId(command, &options->request);
  AddSwitch(command, "--no-wait", "Return as soon as Daytona accepted it",
            [options](bool no_wait) { options->wait = !no_wait; });
  AddSwitch(command, "--quiet,-q", "No states, no build log and no progress bar",
            [options](bool quiet) { options->quiet = quiet; });
  AddSwitch(command, "--no-logs", "No build log", [options](bool no_logs) { options->logs = !no_logs; });
}

// Uploads the context and makes `spec` build its Dockerfile with it.
template <typename Spec>
std::optional<client::Error> UploadContextOf(Session& session, const std::string& directory, bool quiet, Spec* spec) {
  const absl::StatusOr<std::vector<client::ContextSource>> sources = ContextsIn(directory);
  if (!sources.ok()) return client::ErrorFrom(sources.status());
  v1::Image image;
  image.mutable_dockerfile()->set_content(spec->dockerfile());
  const auto add = [&](const client::ContextSource&, const v1::UploadBuildContextResponse& uploaded) {
    image.add_context_hashes(uploaded.context_hash());
  };
  std::optional<client::Error> error = UploadContexts(session, *sources, {.quiet = quiet, .request_id = {}}, add);
  *spec->mutable_declarative_image() = std::move(image);
  return error;
}

template <typename Kind>
client::Result<typename Kind::Response> CreateUnary(Session& session,
                                                    const typename Kind::StreamRequest& stream_request, bool wait) {
  typename Kind::Request request;
  *request.mutable_spec() = stream_request.spec();
  request.set_request_id(stream_request.request_id());
  if (stream_request.has_timeout()) *request.mutable_timeout() = stream_request.timeout();
  request.set_wait(wait);
  auto result = session.Call(Kind::Stub(session.client()), Kind::kCall, request);
  for (const v1::Warning& warning : result.value.warnings()) session.console().err << WarningLine(warning) << '\n';
  return result;
}

// The same result, with the progress on standard error.
template <typename Kind>
client::Result<typename Kind::Response> CreateStreaming(Session& session, const typename Kind::StreamRequest& request,
                                                        bool logs) {
  CreateProgress progress(Kind::kWord, logs, session.console());
  client::Result<typename Kind::Response> result;
  bool is_there = false;
  result.error =
      session.Stream(Kind::Stub(session.client()), Kind::kStream, request, [&](const typename Kind::Event& event) {
        if (const auto* state = Kind::StateIn(event)) progress.Update(*state);
        if (event.has_log()) progress.Log(event.log());
        if (event.has_warning()) {
          *result.value.add_warnings() = event.warning();
          progress.Warn(event.warning());
        }
        if (event.has_result()) {
          is_there = true;
          *Kind::In(&result.value) = event.result();
          progress.Update(event.result());
        }
      });
  if (result.ok() && !is_there) result.error = EndedWithoutResult();
  if (!result.ok()) progress.SayWhatStays(OutcomeIsOpen(*result.error) ? Kind::NameOf(request) : "");
  return result;
}

template <typename Kind>
client::Result<typename Kind::Response> Create(Session& session, const CreateOptions<Kind>& options) {
  typename Kind::StreamRequest request = options.request;
  // Lets the user resume an interrupted create.
  if (request.request_id().empty()) request.set_request_id(NewRequestId());
  if (!options.context.empty()) {
    auto error = UploadContextOf(session, options.context, options.quiet, request.mutable_spec());
    if (error.has_value()) return {.value = {}, .error = std::move(error)};
  }
  auto result = !options.wait || options.quiet ? CreateUnary<Kind>(session, request, options.wait)
                                               : CreateStreaming<Kind>(session, request, options.logs);
  if (!result.ok() && OutcomeIsOpen(*result.error)) {
    result.error->metadata.try_emplace(std::string(Kind::kWord) + "_name", Kind::NameOf(request));
    result.error->metadata.try_emplace("request_id", request.request_id());
  }
  return result;
}

}  // namespace daytonad::cli

#endif  // DAYTONAD_CLIENT_CLI_CREATE_CREATE_COMMAND_H_
