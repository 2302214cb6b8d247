#include "emulator/emulator.h"

#include <boost/asio/io_context.hpp>
#include <optional>
#include <thread>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "emulator/api/api.h"
#include "emulator/base/scheduler.h"
#include "emulator/control/control_routes.h"
#include "emulator/http/http_server.h"
#include "emulator/world/world.h"

namespace daytonad::emulator {

struct Emulator::Parts {
  explicit Parts(EmulatorOptions given)
      : options(std::move(given)),
        scheduler(io),
        world(options, scheduler),
        api(world),
        server(
            io,
            [this](const std::shared_ptr<Exchange>& exchange) {
              if (exchange->request().Path().starts_with(ControlRoutes::kPrefix)) {
                control.Handle(exchange);
              } else {
                api.Handle(exchange);
              }
            },
            [this](std::string_view method, std::string_view target) {
              return target.starts_with(ControlRoutes::kPrefix) ? BodyPlan{} : api.PlanBody(method, target);
            }),
        control(world, api, server) {}

  const EmulatorOptions options;
  // Declared before everything that runs on it, so that objects held by its handlers are destroyed last.
  boost::asio::io_context io{1};
  LoopScheduler scheduler;
  World world;
  Api api;
  HttpServer server;
  ControlRoutes control;
  std::thread thread;
};

Emulator::Emulator(EmulatorOptions options) : parts_(std::make_unique<Parts>(std::move(options))) {}

Emulator::~Emulator() { Stop(); }

absl::Status Emulator::Start() {
  const EmulatorOptions& options = parts_->options;
  if (!options.base_path.empty() && (!options.base_path.starts_with('/') || options.base_path.ends_with('/'))) {
    return absl::InvalidArgumentError(absl::StrCat("base path \"", options.base_path,
                                                   "\" must begin with a slash and not end with one, such as /api"));
  }
  if (!options.record_file.empty()) {
    if (auto opened = parts_->api.recorder().OpenFile(options.record_file); !opened.ok()) return opened;
  }
  if (auto listening = parts_->server.Listen(options.host, options.port); !listening.ok()) return listening;
  parts_->world.origin = origin();
  parts_->world.sandboxes.set_toolbox_proxy_url(absl::StrCat(origin(), "/toolbox"));
  parts_->thread = std::thread([io = &parts_->io] { io->run(); });
  return absl::OkStatus();
}

void Emulator::Stop() {
  parts_->io.stop();
  if (parts_->thread.joinable()) parts_->thread.join();
  parts_->server.Close();
}

std::uint16_t Emulator::port() const { return parts_->server.port(); }

std::string Emulator::origin() const {
  // A client cannot dial "any address".
  const std::string& host = parts_->options.host;
  const std::string dialled = host == "0.0.0.0" || host == "::" ? "127.0.0.1" : host;
  return absl::StrCat("http://", absl::StrContains(dialled, ":") ? absl::StrCat("[", dialled, "]") : dialled, ":",
                      port());
}

std::string Emulator::url() const { return absl::StrCat(origin(), parts_->options.base_path); }

}  // namespace daytonad::emulator
