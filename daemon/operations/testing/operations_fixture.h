#ifndef DAYTONAD_DAEMON_OPERATIONS_TESTING_OPERATIONS_FIXTURE_H_
#define DAYTONAD_DAEMON_OPERATIONS_TESTING_OPERATIONS_FIXTURE_H_

#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>
#include <string>
#include <utility>

#include "daemon/api/testing/fake_api.h"
#include "daemon/api/testing/nothing_cached.h"
#include "daemon/api/testing/polling_watches.h"
#include "daemon/base/error.h"
#include "daemon/base/testing/fake_clock.h"
#include "daemon/base/testing/run_task.h"
#include "daemon/operations/base/dependencies.h"
#include "daemon/operations/build/image_builder.h"
#include "daemon/operations/build/log_follower.h"
#include "daemon/operations/build_context/context_uploader.h"
#include "daemon/operations/requests/idempotency_store.h"
#include "daemon/operations/sandbox/sandboxes.h"

namespace daytonad {

inline v1::Sandbox InState(v1::SandboxState state, const std::string& text) {
  v1::Sandbox sandbox;
  sandbox.set_id("id-1");
  sandbox.set_name("box");
  sandbox.set_state(state);
  sandbox.set_state_text(text);
  return sandbox;
}
inline v1::Sandbox Creating() { return InState(v1::SANDBOX_STATE_CREATING, "creating"); }
inline v1::Sandbox Building() { return InState(v1::SANDBOX_STATE_BUILDING_SNAPSHOT, "building_snapshot"); }
inline v1::Sandbox Started() { return InState(v1::SANDBOX_STATE_STARTED, "started"); }
inline v1::Sandbox Failed() {
  v1::Sandbox sandbox = InState(v1::SANDBOX_STATE_ERROR, "error");
  sandbox.set_error_reason("no space left");
  return sandbox;
}

// All that operations work with, on an upstream whose answers a test lays out.
class OperationsFixture : public ::testing::Test {
 protected:
  // The call, made with this request id, for a request of this content.
  CallContext WithRequest(const std::string& id, const std::string& digest = "the same") const {
    RequestKey key{id, digest};
    return context_.WithRequestKey(std::move(key));
  }

  boost::asio::io_context io_;
  FakeClock clock_;
  FakeApi api_;
  PollingWatches watches_{api_, clock_};
  NothingCached cached_;
  LogFollower follower_{api_, clock_};
  IdempotencyStore requests_{io_.get_executor(), clock_};
  WorkPool pool_{1};
  ContextRoots roots_;
  StoreUploads uploads_{clock_, 4};
  ContextUploader uploader_{api_, roots_, pool_, uploads_, clock_};
  ImageBuilder images_{pool_, roots_, uploader_};
  Dependencies dependencies_{api_, watches_, cached_, clock_, io_.get_executor(), follower_, requests_, images_};
  CallContext context_ = CallContext::Background("test");
};

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_OPERATIONS_TESTING_OPERATIONS_FIXTURE_H_
