// The daemon as a program: how it starts or refuses to, what configures it, which credential it sends, where it
// listens, what its health and its logs say, and that none of its secrets is visible from outside.
#include <sys/stat.h>

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <future>
#include <set>
#include <sstream>

#include "daemon/server/testing/temp_directory.h"
#include "grpc/reflection/v1/reflection.grpc.pb.h"
#include "grpc/reflection/v1alpha/reflection.grpc.pb.h"
#include "tests/integration/fixture.h"

namespace daytonad::testing {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsSupersetOf;
using ::testing::MatchesRegex;
using ::testing::Not;
using ::testing::SizeIs;
using ::testing::StartsWith;

void WriteFile(const std::string& path, const std::string& text) {
  // Replaced as a whole, as a secret store does it.
  std::ofstream(path + ".new") << text;
  std::filesystem::rename(path + ".new", path);
}

std::string ReadFile(const std::string& path) {
  std::ifstream file(path);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

std::vector<std::string> Lines(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

std::string ListVolumes(client::Client& client) {
  return Outcome(Call(client.volumes(), &v1::VolumeService::Stub::ListVolumes, {}).error);
}

// A start that fails. `@` in a flag or a line is a directory, and `file` the text of a file in it.
struct BadStart {
  std::string name;
  std::vector<std::string> flags;
  std::map<std::string, std::string> environment;
  std::string line;
  std::string file = {};
};
void PrintTo(const BadStart& start, std::ostream* out) { *out << start.name; }

const std::map<std::string, std::string> kWithKey = {{"DAYTONA_API_KEY", "the-secret"}};

std::vector<BadStart> BadStarts() {
  const std::string no_key =
      "set DAYTONA_API_KEY, or put the key into a file that only the daemon can read and name it "
      "with --api-key-file";
  return {
      {"NoCredential",
       {},
       {},
       "No credential for Daytona. Set DAYTONA_API_KEY, give --api-key-file, or set both DAYTONA_JWT_TOKEN and "
       "DAYTONA_ORGANIZATION_ID."},
      {"JwtWithoutOrganization",
       {},
       {{"DAYTONA_JWT_TOKEN", "the-secret"}},
       "DAYTONA_ORGANIZATION_ID is required when authenticating with DAYTONA_JWT_TOKEN."},
      {"ApiKeyAsAFlag",
       {"--api-key", "the-secret"},
       {},
       "--api-key does not exist, because everybody on this machine can read a command line: " + no_key},
      {"ApiKeyInTheFile",
       {"--config", "@/file"},
       kWithKey,
       "@/file:1: api_key: a credential does not belong into this file: " + no_key,
       "api_key: the-secret\n"},
      {"UnreadableKeyFile",
       {"--api-key-file", "@/none"},
       {},
       "Cannot read the API key file @/none: No such file or directory."},
      {"KeyFileWithTwoLines",
       {"--api-key-file", "@/file"},
       {},
       "The API key in the file @/file cannot be used: it contains a blank, a line break or another character that no "
       "token has.",
       "the-secret\nthe-secret\n"},
      {"UnknownFlag", {"--lisen=the-secret"}, kWithKey, "unknown option --lisen; daytonad --help lists what there is"},
      {"UnknownKey",
       {"--config", "@/file"},
       kWithKey,
       "@/file:2: lisen: unknown key; the keys are the flags of --help with _ for -",
       "target: eu\nlisen: x\n"},
      {"BadYaml",
       {"--config", "@/file"},
       kWithKey,
       "@/file:2: is not valid YAML: end of sequence flow not found",
       "target: [a: b\n"},
      {"BadListenAddress",
       {"--listen", "localhost"},
       kWithKey,
       "--listen: \"localhost\" is no address to listen on: the port is missing. Write unix:/PATH, HOST:PORT or "
       "[IPV6]:PORT"},
      {"TcpForEverybody",
       {"--listen", "0.0.0.0:0"},
       kWithKey,
       "--listen: 0.0.0.0:0 can be reached from other machines, and what crosses the network there is not encrypted; "
       "use "
       "a UNIX socket or 127.0.0.1, or allow it with --allow-plaintext-tcp"},
      {"NoSuchDirectory",
       {"--listen", "unix:@/none/d.sock"},
       kWithKey,
       "cannot listen on unix:@/none/d.sock: the directory @/none cannot be used (No such file or directory): create "
       "it "
       "first"},
      {"SocketPathTakenByAFile",
       {"--listen", "unix:@/file"},
       kWithKey,
       "cannot listen on unix:@/file: @/file exists and is not a socket: remove it or choose another path",
       "precious"},
      {"BadDuration",
       {"--drain-timeout", "soon"},
       kWithKey,
       "--drain-timeout: must be a duration such as 500ms, 30s or 1h30m"},
      {"BadUrl",
       {"--api-url", "app.daytona.io/api"},
       kWithKey,
       "--api-url: The URL must begin with https:// or http://."},
  };
}

class BadStartTest : public ::testing::TestWithParam<BadStart> {};

TEST_P(BadStartTest, EndsWithOneClearLineAndStatus2) {
  const TempDirectory directory;
  const auto in_directory = [&](std::string text) {
    for (size_t at = text.find('@'); at != std::string::npos; at = text.find('@'))
      text.replace(at, 1, directory.path());
    return text;
  };
  if (!GetParam().file.empty()) WriteFile(directory.File("file"), GetParam().file);
  ProcessOptions options{GetParam().flags, GetParam().environment};
  for (std::string& flag : options.flags) flag = in_directory(flag);
  const FinishedProcess finished = RunDaemon(options);
  EXPECT_EQ(finished.exit_status, 2);
  EXPECT_EQ(finished.output, "daytonad: " + in_directory(GetParam().line) + "\n");
  EXPECT_THAT(finished.output, Not(HasSubstr("the-secret")));
  if (!GetParam().file.empty()) {
    EXPECT_EQ(ReadFile(directory.File("file")), GetParam().file);
  }
}
INSTANTIATE_TEST_SUITE_P(Start, BadStartTest, ::testing::ValuesIn(BadStarts()),
                         [](const auto& info) { return info.param.name; });

TEST(ProgramTest, SaysItsVersionAndItsFlags) {
  const FinishedProcess version = RunDaemon({{"--version"}, {}});
  EXPECT_EQ(version.exit_status, 0);
  EXPECT_THAT(version.output, MatchesRegex("daytonad [0-9]+\\.[0-9]+\\.[0-9]+\n"));
  const FinishedProcess help = RunDaemon({{"--help"}, {}});
  EXPECT_EQ(help.exit_status, 0);
  EXPECT_THAT(help.output,
              AllOf(HasSubstr("--listen"), HasSubstr("[DAYTONA_API_URL]"), HasSubstr("DAYTONA_JWT_TOKEN")));
}

TEST(ProgramTest, ChecksItsConfigurationWithoutStarting) {
  const TempDirectory directory;
  WriteFile(directory.File("key"), "the-secret\n");
  const std::vector<std::string> flags = {"--check-config", "--listen", "unix:" + directory.File("d.sock")};
  ProcessOptions options{flags, {{"DAYTONAD_API_KEY_FILE", directory.File("key")}}};
  const FinishedProcess good = RunDaemon(options);
  EXPECT_EQ(good.exit_status, 0);
  EXPECT_EQ(good.output, "The configuration is valid.\n");
  EXPECT_FALSE(std::filesystem::exists(directory.File("d.sock")));
  options.environment["DAYTONAD_API_KEY_FILE"] = directory.File("none");
  EXPECT_EQ(RunDaemon(options).exit_status, 2);
}

// An emulator; each test starts its own daemon.
class ProcessTest : public IntegrationTest {
 protected:
  void SetUp() override { StartEmulator(); }

  void StartEmulator(std::uint16_t port = 0) {
    // Another process may have taken the port in the meantime, for a short time.
    ASSERT_TRUE(Eventually([&] {
      emulator::EmulatorOptions options = emulator_options();
      options.port = port;
      emulator_ = std::make_unique<emulator::Emulator>(std::move(options));
      return emulator_->Start().ok();
    }));
    control_ = std::make_unique<EmulatorControl>(emulator_->origin());
  }

  void StartDaemon(ProcessOptions options) {
    daemon_.reset();
    daemon_ = std::make_unique<DaemonProcess>(std::move(options));
    ASSERT_TRUE(daemon_->running()) << daemon_->log();
    client_ = *client::Client::Connect(daemon_->addresses().front());
  }

  std::string CreateOutcome() { return Outcome(Call(sandboxes(), &v1::DaytonaService::Stub::CreateSandbox, {}).error); }

  // What upstream sees of a call.
  nlohmann::json HeadersOfACall() {
    control().ResetRequests();
    EXPECT_EQ(ListVolumes(*client_), "OK");
    for (const nlohmann::json& request : control().Requests()) {
      if (request.at("path") == "/api/volumes") return request.at("headers");
    }
    return {};
  }
};

TEST_F(ProcessTest, AFlagWinsOverAVariableAndThatOverTheFile) {
  const TempDirectory directory;
  WriteFile(directory.File("config.yaml"), "target: from-file\n");
  ProcessOptions options = DaemonFor(emulator_->url());
  const auto target = [&] {
    StartDaemon(options);
    control().ResetRequests();
    CreateOutcome();
    for (const nlohmann::json& request : control().Requests()) {
      if (request.at("method") == "POST") return request.at("body").value("target", "none");
    }
    return std::string("no request");
  };
  EXPECT_EQ(target(), "none");
  options.flags.insert(options.flags.end(), {"--config", directory.File("config.yaml")});
  EXPECT_EQ(target(), "from-file");
  options.environment["DAYTONA_TARGET"] = "from-variable";
  EXPECT_EQ(target(), "from-variable");
  options.flags.insert(options.flags.end(), {"--target", "from-flag"});
  EXPECT_EQ(target(), "from-flag");
}

TEST_F(ProcessTest, TheOldNameOfTheUrlWorksAndWarns) {
  ProcessOptions options = DaemonFor("");
  options.flags.clear();
  options.environment["DAYTONA_SERVER_URL"] = emulator_->url();
  StartDaemon(options);
  EXPECT_EQ(ListVolumes(*client_), "OK");
  EXPECT_TRUE(Eventually([this] {
    return daemon_->log().find("DAYTONA_SERVER_URL is deprecated: use DAYTONA_API_URL") != std::string::npos;
  }));
  options.environment["DAYTONA_SERVER_URL"] = "http://127.0.0.1:1/api";
  options.environment["DAYTONA_API_URL"] = emulator_->url();
  StartDaemon(options);
  EXPECT_EQ(ListVolumes(*client_), "OK");
  EXPECT_THAT(daemon_->log(), Not(HasSubstr("deprecated")));
}

TEST_F(ProcessTest, IdentifiesItselfToUpstream) {
  StartDaemon(DaemonFor(emulator_->url()));
  const std::string version = RunDaemon({{"--version"}, {}}).output;
  const nlohmann::json headers = HeadersOfACall();
  EXPECT_EQ(headers.at("x-daytona-source"), "daytonad");
  EXPECT_EQ(headers.at("x-daytona-sdk-version"), "0.205.1");
  EXPECT_EQ(headers.at("user-agent").get<std::string>() + "\n", "daytonad/" + version.substr(version.find(' ') + 1));
  EXPECT_EQ(headers.at("authorization"), "(correct)");
  EXPECT_FALSE(headers.contains("x-daytona-organization-id"));
}

class JwtTest : public ProcessTest {
 protected:
  emulator::EmulatorOptions emulator_options() override {
    emulator::EmulatorOptions options = QuickEmulator();
    options.accept_jwt = true;
    return options;
  }
};

TEST_F(JwtTest, AJwtGoesWithItsOrganization) {
  ProcessOptions options = DaemonFor(emulator_->url());
  options.environment = {{"DAYTONA_JWT_TOKEN", "head.body.signature"}, {"DAYTONA_ORGANIZATION_ID", "org-1"}};
  StartDaemon(options);
  const nlohmann::json headers = HeadersOfACall();
  EXPECT_EQ(headers.at("authorization"), "(correct)");
  EXPECT_EQ(headers.at("x-daytona-organization-id"), "org-1");
}

class KeyFileTest : public ProcessTest {
 protected:
  emulator::EmulatorOptions emulator_options() override {
    emulator::EmulatorOptions options = QuickEmulator();
    options.api_keys = {"first-key", "third-key"};
    return options;
  }
};

TEST_F(KeyFileTest, ANewKeyInTheFileIsTakenUpByTheRunningDaemon) {
  const TempDirectory directory;
  const std::string file = directory.File("key");
  const auto comes_to = [this](const std::string& outcome) {
    return Eventually([&] { return ListVolumes(*client_) == outcome; });
  };
  WriteFile(file, "first-key\n");
  ProcessOptions options = DaemonFor(emulator_->url());
  options.environment.clear();
  options.flags.insert(options.flags.end(), {"--api-key-file", file});
  StartDaemon(options);
  EXPECT_EQ(ListVolumes(*client_), "OK");
  WriteFile(file, "second-key\n");
  EXPECT_TRUE(comes_to("UNAUTHENTICATED UPSTREAM_REJECTED_CREDENTIAL"));
  WriteFile(file, "third-key\n");
  EXPECT_TRUE(comes_to("OK"));
  // An unusable key changes nothing.
  WriteFile(file, "");
  EXPECT_TRUE(Eventually([&] {
    EXPECT_EQ(ListVolumes(*client_), "OK");
    return daemon_->log().find("cannot be used, the old key stays in use") != std::string::npos;
  }));
  EXPECT_THAT(daemon_->log(), Not(HasSubstr("-key\n")));
}

TEST_F(ProcessTest, HealthIsToldForEachService) {
  StartDaemon(DaemonFor(emulator_->url()));
  for (const char* service : {"", "daytonad.v1.DaytonaService", "daytonad.v1.SnapshotService",
                              "daytonad.v1.VolumeService", "daytonad.v1.BuildService", "daytonad.v1.DaemonService"}) {
    EXPECT_EQ(Health(service), "SERVING") << service;
  }
  EXPECT_EQ(Health("no.such.Service"), "NOT_FOUND");
  EXPECT_TRUE(Eventually([this] { return Health("upstream") == "SERVING"; }));
}

TEST_F(ProcessTest, StartsWithoutItsUpstreamAndFindsItLaterAndAgain) {
  const std::uint16_t port = emulator_->port();
  ProcessOptions options = DaemonFor(emulator_->url());
  options.flags = {"--api-url", emulator_->url(), "--health-interval", "50ms"};
  emulator_->Stop();
  StartDaemon(options);
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(2));
  const auto listed = client::Call(volumes(), &v1::VolumeService::Stub::ListVolumes, {}, context);
  EXPECT_EQ(Outcome(listed.error), "UNAVAILABLE UPSTREAM_UNREACHABLE");
  EXPECT_THAT(listed.error->message, HasSubstr("Cannot reach 127.0.0.1:"));
  EXPECT_TRUE(listed.error->retry_delay.has_value());
  EXPECT_EQ(Health("upstream"), "NOT_SERVING");
  EXPECT_EQ(Health(""), "SERVING");

  StartEmulator(port);
  EXPECT_TRUE(Eventually([this] { return Health("upstream") == "SERVING"; }));
  EXPECT_EQ(ListVolumes(*client_), "OK");
  emulator_->Stop();
  EXPECT_TRUE(Eventually([this] { return Health("upstream") == "NOT_SERVING"; }));
  StartEmulator(port);
  EXPECT_TRUE(Eventually([this] { return Health("upstream") == "SERVING"; }));
}

// Reflection in both versions, as a tool uses it.
template <typename Service, typename Request, typename Response>
void ExpectReflection(const std::shared_ptr<grpc::Channel>& channel) {
  grpc::ClientContext context;
  const auto stub = Service::NewStub(channel);
  const auto stream = stub->ServerReflectionInfo(&context);
  Request list;
  list.set_list_services("");
  Response services;
  ASSERT_TRUE(stream->Write(list) && stream->Read(&services));
  std::set<std::string> names;
  for (const auto& service : services.list_services_response().service()) names.insert(service.name());
  EXPECT_THAT(names,
              IsSupersetOf({"daytonad.v1.DaytonaService", "daytonad.v1.SnapshotService", "daytonad.v1.VolumeService",
                            "daytonad.v1.BuildService", "daytonad.v1.DaemonService", "grpc.health.v1.Health"}));
  Request symbol;
  symbol.set_file_containing_symbol("daytonad.v1.BuildService.StreamBuildLogs");
  Response files;
  ASSERT_TRUE(stream->Write(symbol) && stream->Read(&files));
  // With its imports: common.proto, and protobuf's own timestamp.proto.
  EXPECT_EQ(files.file_descriptor_response().file_descriptor_proto_size(), 3);
  stream->WritesDone();
  EXPECT_TRUE(stream->Finish().ok());
}

TEST_F(ProcessTest, AHangupIsIgnoredAndLogged) {
  StartDaemon(DaemonFor(emulator_->url()));
  const auto told = [this] {
    const std::vector<std::string> lines = Lines(daemon_->log());
    return std::ranges::count_if(
        lines, [](const std::string& line) { return line.find("SIGHUP is ignored") != std::string::npos; });
  };
  // Repeatedly, since the first may come before the daemon can log it.
  const auto hang_up = [&] {
    return Eventually([&, before = told()] {
      daemon_->Signal(SIGHUP);
      return told() > before;
    });
  };
  EXPECT_TRUE(hang_up());
  EXPECT_EQ(CreateOutcome(), "OK");

  // Nor does it shorten the drain, as a second signal to stop would.
  control().AddFault({{"path_regex", "^/api/volumes"}}, {{"hold", true}});
  auto listed = std::async(std::launch::async, [this] { return ListVolumes(*client_); });
  ASSERT_TRUE(Eventually([this] { return control().in_progress() == 1; }));
  daemon_->Signal(SIGTERM);
  ASSERT_TRUE(Eventually([this] { return daemon_->log().find("stopping") != std::string::npos; }));
  EXPECT_TRUE(hang_up());
  control().ClearFaults();
  EXPECT_EQ(listed.get(), "OK");
  EXPECT_EQ(daemon_->WaitForExit(), 0);
}

TEST_F(ProcessTest, ToolsFindEverythingByReflection) {
  StartDaemon(DaemonFor(emulator_->url()));
  namespace reflection = grpc::reflection;
  ExpectReflection<reflection::v1::ServerReflection, reflection::v1::ServerReflectionRequest,
                   reflection::v1::ServerReflectionResponse>(client_->channel());
  ExpectReflection<reflection::v1alpha::ServerReflection, reflection::v1alpha::ServerReflectionRequest,
                   reflection::v1alpha::ServerReflectionResponse>(client_->channel());
}

TEST_F(ProcessTest, ServesSeveralListenersAndTheirFilesHaveTheirMode) {
  const TempDirectory directory;
  const std::string socket = directory.File("second.sock");
  ProcessOptions options = DaemonFor(emulator_->url());
  options.flags.insert(options.flags.end(), {"--listen", "127.0.0.1:0", "--listen", "unix:" + socket});
  StartDaemon(options);
  ASSERT_THAT(daemon_->addresses(), SizeIs(3));
  EXPECT_THAT(daemon_->addresses()[1], MatchesRegex("127\\.0\\.0\\.1:[1-9][0-9]+"));
  for (const std::string& address : daemon_->addresses()) {
    client::Client client = *client::Client::Connect(address);
    EXPECT_EQ(ListVolumes(client), "OK") << address;
  }
  const auto mode = [&] {
    struct stat info {};
    ::stat(socket.c_str(), &info);
    return info.st_mode & 0777U;
  };
  EXPECT_EQ(mode(), 0660U);
  options.flags.insert(options.flags.end(), {"--socket-mode", "0600"});
  StartDaemon(options);
  EXPECT_EQ(mode(), 0600U);
}

TEST_F(ProcessTest, ReplacesASocketThatWasLeftBehindAndNoOther) {
  DaemonProcess first(DaemonFor(emulator_->url()));
  ASSERT_TRUE(first.running()) << first.log();
  const std::string address = first.addresses().front();
  ProcessOptions same_socket = DaemonFor(emulator_->url());
  same_socket.flags.insert(same_socket.flags.end(), {"--listen", address});
  const FinishedProcess refused = RunDaemon(same_socket);
  EXPECT_EQ(refused.exit_status, 2);
  EXPECT_THAT(refused.output, AllOf(StartsWith("daytonad: cannot listen on " + address), HasSubstr("already answers")));
  client::Client client = *client::Client::Connect(address);
  EXPECT_EQ(ListVolumes(client), "OK");

  first.Signal(SIGKILL);
  EXPECT_EQ(first.WaitForExit(), -SIGKILL);
  StartDaemon(same_socket);
  // gRPC keeps the connection to the dead daemon at this address until it notices.
  EXPECT_TRUE(Eventually([&] { return ListVolumes(client) == "OK"; }));
}

TEST_F(ProcessTest, JsonLogsAreJsonLineByLineAndHoldNoSecret) {
  for (const std::string format : {"json", "plain"}) {
    ProcessOptions options = DaemonFor(emulator_->url());
    options.flags.insert(options.flags.end(), {"--log-level", "debug", "--log-format", format});
    StartDaemon(options);
    control().ClearFaults();
    v1::SandboxSpec spec;
    (*spec.mutable_env())["PASSWORD"] = "the-secret";
    MakeSandbox(spec);
    MakeSnapshot("logged-" + format);
    MakeVolume("logged-" + format);
    control().AddFault({{"path_regex", "volumes"}}, {{"status", 500}, {"body", "broken \" on \n purpose"}});
    EXPECT_EQ(ListVolumes(*client_), "INTERNAL UPSTREAM_INTERNAL");
    daemon_->Signal(SIGTERM);
    EXPECT_EQ(daemon_->WaitForExit(), 0);
    const std::string log = daemon_->log();
    EXPECT_THAT(log, AllOf(Not(HasSubstr(kApiKey)), Not(HasSubstr("the-secret")), Not(HasSubstr("Bearer"))));
    EXPECT_THAT(Lines(log), SizeIs(::testing::Ge(4U)));
    for (const std::string& line : Lines(log)) {
      const nlohmann::json json = nlohmann::json::parse(line, nullptr, false);
      EXPECT_EQ(json.is_object(), format == "json") << line;
      if (!json.is_object()) continue;
      EXPECT_TRUE(json.contains("time") && json.contains("level") && json.contains("message")) << line;
    }
  }
}

TEST_F(ProcessTest, KeyInTheAgentIsNotVisibleFromOutside) {
  ProcessOptions options = DaemonFor(emulator_->url());
  options.environment["UNTOUCHED"] = "still-there";
  // Otherwise only root could look at all.
  options.flags.emplace_back("--allow-core-dumps");
  StartDaemon(options);
  EXPECT_EQ(ListVolumes(*client_), "OK");
  const std::string proc = "/proc/" + std::to_string(daemon_->pid());
  EXPECT_THAT(ReadFile(proc + "/environ"), AllOf(HasSubstr("still-there"), Not(HasSubstr(kApiKey))));
  EXPECT_THAT(ReadFile(proc + "/cmdline"), AllOf(HasSubstr("--api-url"), Not(HasSubstr(kApiKey))));
}

}  // namespace
}  // namespace daytonad::testing
