#include "daemon/base/spawn.h"

#include <boost/asio/co_spawn.hpp>
#include <cstdlib>
#include <exception>
#include <utility>

#include "daemon/base/log.h"

namespace daytonad {
namespace {

void EndOnException(const std::exception_ptr& exception) {
  if (!exception) return;
  try {
    std::rethrow_exception(exception);
  } catch (const std::exception& e) {
    LogLastWords("an exception escaped a coroutine; this is a defect, the process ends", {{"what", e.what()}});
  } catch (...) {
    LogLastWords("an unknown exception escaped a coroutine; this is a defect, the process ends");
  }
  std::abort();
}

}  // namespace

void Spawn(const Executor& executor, Task<void> task) {
  boost::asio::co_spawn(executor, std::move(task), EndOnException);
}

}  // namespace daytonad
