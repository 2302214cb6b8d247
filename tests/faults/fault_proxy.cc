#include "tests/faults/fault_proxy.h"

#include <algorithm>
#include <array>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <exception>
#include <future>
#include <list>
#include <map>
#include <set>
#include <thread>
#include <utility>
#include <vector>

namespace daytonad::testing {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;
using tcp = asio::ip::tcp;

constexpr auto kAsTuple = asio::as_tuple(asio::use_awaitable);
// For a detached coroutine: its exception leaves io_context::run() and ends the test.
constexpr auto kEndOnException = [](const std::exception_ptr& exception) {
  if (exception) std::rethrow_exception(exception);
};
// The first line is searched for within this many bytes.
constexpr std::size_t kMaxOpening = 4096;

tcp::endpoint Loopback(std::uint16_t port) { return {asio::ip::address_v4::loopback(), port}; }

void Reset(tcp::socket& socket) {
  error_code ignored;
  socket.set_option(asio::socket_base::linger(true, 0), ignored);
  socket.close(ignored);
}

void Close(tcp::socket& socket) {
  error_code ignored;
  socket.shutdown(tcp::socket::shutdown_send, ignored);
  socket.close(ignored);
}

struct ActiveFault : Fault {
  ActiveFault(Fault fault, int id) : Fault(std::move(fault)), id(id) {}
  int id;
};

// One direction of a connection.
struct Flow {
  Flow(Way way, tcp::socket& from, tcp::socket& to) : way(way), from(from), to(to), resumed(from.get_executor()) {}

  const Way way;
  tcp::socket& from;
  tcp::socket& to;
  std::size_t passed = 0;
  // The position from which faults added later than the connection count.
  std::map<int, std::size_t> counted_from;
  std::set<int> struck_by;
  bool stalled = false;
  asio::steady_timer resumed;  // cancelled when the stall ends
};

struct Connection {
  explicit Connection(tcp::socket accepted)
      : client(std::move(accepted)),
        server(client.get_executor()),
        to_server(Way::kToServer, client, server),
        to_client(Way::kToClient, server, client) {}

  bool is_open() const { return client.is_open(); }

  tcp::socket client;
  tcp::socket server;
  std::string opening;  // the first line, once it has arrived
  Flow to_server;
  Flow to_client;
};

using ConnectionPtr = std::shared_ptr<Connection>;

}  // namespace

// Everything but Start and Stop runs on its thread.
class FaultProxy::Impl {
 public:
  ~Impl() { Stop(); }

  std::uint16_t Start() {
    Bind(0);
    port_ = acceptor_.local_endpoint().port();
    Listen();
    thread_ = std::thread([this] { io_.run(); });
    return port_;
  }
  void Stop() {
    io_.stop();
    thread_.join();
  }
  asio::io_context& io() { return io_; }

  void ForwardTo(std::uint16_t port) { server_port_ = port; }

  void Listen() {
    acceptor_.listen();
    asio::co_spawn(io_, Accept(), kEndOnException);
  }
  // The port stays reserved for this proxy.
  void StopListening() {
    acceptor_.close();
    Bind(port_);
  }
  void RefuseConnections(bool refuse) { refusing_ = refuse; }

  void Add(Fault fault) {
    const int id = next_fault_++;
    faults_.emplace_back(std::move(fault), id);
    for (const ConnectionPtr& connection : connections_) {
      for (Flow* flow : {&connection->to_server, &connection->to_client}) flow->counted_from[id] = flow->passed;
    }
  }
  void Heal() {
    faults_.clear();
    for (const ConnectionPtr& connection : connections_) {
      for (Flow* flow : {&connection->to_server, &connection->to_client}) Resume(*flow);
    }
  }

  void CutNow(const std::string& opening) {
    for (const ConnectionPtr& connection : Find(opening)) Cut(*connection);
  }
  void EndNow(const std::string& opening) {
    for (const ConnectionPtr& connection : Find(opening)) End(*connection);
  }
  void StallNow(const std::string& opening) {
    for (const ConnectionPtr& connection : Find(opening)) {
      connection->to_server.stalled = connection->to_client.stalled = true;
    }
  }

  Counts counts() const {
    Counts counts = counts_;
    for (const ConnectionPtr& connection : connections_) {
      counts.stalled +=
          static_cast<int>(connection->to_server.stalled) + static_cast<int>(connection->to_client.stalled);
    }
    return counts;
  }
  int open(const std::string& opening) const { return static_cast<int>(Find(opening).size()); }
  std::size_t bytes(Way way, const std::string& opening) const {
    std::size_t sum = 0;
    for (const auto& [key, size] : bytes_) {
      if (key.first == way && key.second.find(opening) != std::string::npos) sum += size;
    }
    return sum;
  }

 private:
  void Bind(std::uint16_t port) {
    acceptor_.open(tcp::v4());
    acceptor_.set_option(tcp::acceptor::reuse_address(true));
    acceptor_.bind(Loopback(port));
  }

  std::vector<ConnectionPtr> Find(const std::string& opening) const {
    std::vector<ConnectionPtr> found;
    for (const ConnectionPtr& connection : connections_) {
      if (connection->opening.find(opening) != std::string::npos) found.push_back(connection);
    }
    return found;
  }

  asio::awaitable<void> Accept() {
    co_await asio::this_coro::throw_if_cancelled(false);
    while (true) {
      auto [error, socket] = co_await acceptor_.async_accept(kAsTuple);
      if (error) co_return;
      ++counts_.accepted;
      if (refusing_) {
        Reset(socket);
        continue;
      }
      socket.set_option(tcp::no_delay(true));
      auto connection = std::make_shared<Connection>(std::move(socket));
      connections_.push_back(connection);
      ++counts_.open;
      counts_.most_open = std::max(counts_.most_open, counts_.open);
      asio::co_spawn(io_, ToServer(std::move(connection)), kEndOnException);
    }
  }

  // From the client; starts the other direction once the first line is known.
  asio::awaitable<void> ToServer(ConnectionPtr connection) {
    co_await asio::this_coro::throw_if_cancelled(false);
    std::string first;
    while (first.find('\n') == std::string::npos && first.size() < kMaxOpening) {
      std::array<char, kMaxOpening> buffer;
      auto [error, size] = co_await connection->client.async_read_some(asio::buffer(buffer), kAsTuple);
      if (error) co_return Ended(*connection, error);
      first.append(buffer.data(), size);
    }
    connection->opening = first.substr(0, first.find('\n'));
    auto [error] = co_await connection->server.async_connect(Loopback(server_port_), kAsTuple);
    if (error || !connection->is_open()) co_return Cut(*connection);
    connection->server.set_option(tcp::no_delay(true));
    asio::co_spawn(io_, ToClient(connection), kEndOnException);
    co_await PassOn(connection, connection->to_server, std::move(first));
    co_await Pump(connection, connection->to_server);
  }

  asio::awaitable<void> ToClient(ConnectionPtr connection) {
    co_await asio::this_coro::throw_if_cancelled(false);
    co_await Pump(connection, connection->to_client);
  }

  asio::awaitable<void> Pump(ConnectionPtr connection, Flow& flow) {
    std::vector<char> buffer(std::size_t{16} << 10);
    while (connection->is_open()) {
      auto [error, size] = co_await flow.from.async_read_some(asio::buffer(buffer), kAsTuple);
      if (!error) {
        co_await PassOn(connection, flow, std::string(buffer.data(), size));
      } else if (error == asio::error::eof && flow.way == Way::kToClient) {
        error_code ignored;
        flow.to.shutdown(tcp::socket::shutdown_send, ignored);
        co_return;  // the client closes its end as well
      } else {
        co_return Ended(*connection, error);
      }
    }
  }

  asio::awaitable<void> PassOn(ConnectionPtr connection, Flow& flow, std::string bytes) {
    Replace(*connection, flow, bytes);
    for (std::size_t at = 0; at < bytes.size();) {
      Strike(*connection, flow, &bytes[at]);
      if (flow.stalled) {
        flow.resumed.expires_at(asio::steady_timer::time_point::max());
        co_await flow.resumed.async_wait(kAsTuple);
        continue;
      }
      const Pace pace = PaceOf(*connection, flow, bytes.size() - at);
      if (pace.delay > std::chrono::milliseconds::zero()) {
        asio::steady_timer timer(io_, pace.delay);
        co_await timer.async_wait(kAsTuple);
        if (flow.stalled) continue;
      }
      if (!connection->is_open()) co_return;
      flow.passed += pace.size;
      bytes_[{flow.way, connection->opening}] += pace.size;
      auto [error, written] = co_await asio::async_write(flow.to, asio::buffer(&bytes[at], pace.size), kAsTuple);
      if (error) co_return Ended(*connection, error);
      at += written;
    }
    // Faults due after exactly these bytes do not wait for more.
    Strike(*connection, flow, nullptr);
  }

  bool Applies(const ActiveFault& fault, const Connection& connection, const Flow& flow) const {
    return fault.times != 0 && fault.way == flow.way && connection.opening.find(fault.opening) != std::string::npos;
  }

  static bool HasPlace(const Fault& fault) {
    return fault.action != Fault::Action::kReplace && fault.action != Fault::Action::kSlow;
  }

  // The number of bytes to this fault's position in the flow; negative if it has passed.
  static std::ptrdiff_t Distance(const ActiveFault& fault, const Flow& flow) {
    const auto from = flow.counted_from.find(fault.id);
    const std::size_t begin = from == flow.counted_from.end() ? 0 : from->second;
    return static_cast<std::ptrdiff_t>(begin + fault.after) - static_cast<std::ptrdiff_t>(flow.passed);
  }

  void CountStrike(ActiveFault& fault) {
    if (fault.times > 0) --fault.times;
    ++counts_.strikes;
  }

  void Replace(const Connection& connection, const Flow& flow, std::string& bytes) {
    for (ActiveFault& fault : faults_) {
      if (fault.action != Fault::Action::kReplace || !Applies(fault, connection, flow)) continue;
      const std::size_t at = bytes.find(fault.find);
      if (at == std::string::npos) continue;
      bytes.replace(at, fault.find.size(), fault.with);
      CountStrike(fault);
    }
  }

  // Applies the faults due at this position of the flow. `next` is the next byte; null if it has not arrived.
  void Strike(Connection& connection, Flow& flow, char* next) {
    for (ActiveFault& fault : faults_) {
      if (!connection.is_open()) return;
      if (!HasPlace(fault) || !Applies(fault, connection, flow) || Distance(fault, flow) != 0) continue;
      if (next == nullptr && fault.action == Fault::Action::kFlip) continue;
      if (!flow.struck_by.insert(fault.id).second) continue;
      CountStrike(fault);
      switch (fault.action) {
        case Fault::Action::kCut:
          Cut(connection);
          break;
        case Fault::Action::kEnd:
          End(connection);
          break;
        case Fault::Action::kStall:
          flow.stalled = true;
          break;
        default:
          *next = static_cast<char>(static_cast<unsigned char>(*next) ^ fault.mask);
      }
    }
  }

  // How much to forward in one piece, and after which delay: at most up to the next fault.
  struct Pace {
    std::size_t size;
    std::chrono::milliseconds delay{0};
  };
  Pace PaceOf(const Connection& connection, const Flow& flow, std::size_t available) const {
    Pace pace{available};
    for (const ActiveFault& fault : faults_) {
      if (!Applies(fault, connection, flow)) continue;
      if (fault.action == Fault::Action::kSlow) {
        pace.size = std::min(pace.size, fault.piece);
        pace.delay = std::max(pace.delay, fault.delay);
      } else if (HasPlace(fault) && Distance(fault, flow) > 0) {
        pace.size = std::min(pace.size, static_cast<std::size_t>(Distance(fault, flow)));
      }
    }
    return pace;
  }

  static void Resume(Flow& flow) {
    flow.stalled = false;
    flow.resumed.cancel();
  }

  void Cut(Connection& connection) {
    Reset(connection.client);
    Reset(connection.server);
    Forget(connection);
  }
  void End(Connection& connection) {
    Close(connection.client);
    Close(connection.server);
    Forget(connection);
  }
  void Ended(Connection& connection, const error_code& error) {
    if (error == asio::error::eof) return End(connection);
    Cut(connection);
  }
  // May be called more than once.
  void Forget(Connection& connection) {
    Resume(connection.to_server);
    Resume(connection.to_client);
    counts_.open -=
        static_cast<int>(connections_.remove_if([&](const ConnectionPtr& each) { return each.get() == &connection; }));
  }

  asio::io_context io_;
  asio::executor_work_guard<asio::io_context::executor_type> keep_running_{io_.get_executor()};
  tcp::acceptor acceptor_{io_};
  std::uint16_t port_ = 0;
  std::uint16_t server_port_ = 0;
  bool refusing_ = false;
  int next_fault_ = 0;
  std::list<ActiveFault> faults_;
  std::list<ConnectionPtr> connections_;
  Counts counts_;
  std::map<std::pair<Way, std::string>, std::size_t> bytes_;  // by first line
  std::thread thread_;
};

FaultProxy::FaultProxy() : impl_(std::make_unique<Impl>()), port_(impl_->Start()) {}
FaultProxy::~FaultProxy() = default;

template <typename Action>
auto FaultProxy::OnThread(Action action) {
  std::packaged_task<decltype(action())()> task(std::move(action));
  auto done = task.get_future();
  asio::post(impl_->io(), std::move(task));
  return done.get();
}

void FaultProxy::ForwardTo(std::uint16_t port) {
  OnThread([&] { impl_->ForwardTo(port); });
}
void FaultProxy::Add(Fault fault) {
  OnThread([&] { impl_->Add(std::move(fault)); });
}
void FaultProxy::Heal() {
  OnThread([&] { impl_->Heal(); });
}
void FaultProxy::CutNow(const std::string& opening) {
  OnThread([&] { impl_->CutNow(opening); });
}
void FaultProxy::EndNow(const std::string& opening) {
  OnThread([&] { impl_->EndNow(opening); });
}
void FaultProxy::StallNow(const std::string& opening) {
  OnThread([&] { impl_->StallNow(opening); });
}
void FaultProxy::RefuseConnections(bool refuse) {
  OnThread([&] { impl_->RefuseConnections(refuse); });
}
void FaultProxy::StopListening() {
  OnThread([&] { impl_->StopListening(); });
}
void FaultProxy::ListenAgain() {
  OnThread([&] { impl_->Listen(); });
}
FaultProxy::Counts FaultProxy::counts() {
  return OnThread([&] { return impl_->counts(); });
}
std::size_t FaultProxy::bytes(Way way, const std::string& opening) {
  return OnThread([&] { return impl_->bytes(way, opening); });
}
int FaultProxy::open(const std::string& opening) {
  return OnThread([&] { return impl_->open(opening); });
}

}  // namespace daytonad::testing
