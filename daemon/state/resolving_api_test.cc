#include "daemon/state/resolving_api.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>
#include <chrono>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "daemon/api/testing/fake_api.h"
#include "daemon/base/absent.h"
#include "daemon/base/spawn.h"
#include "daemon/base/testing/fake_clock.h"
#include "daemon/state/cache_updating_api.h"
#include "daemon/state/testing/objects.h"

namespace daytonad {
namespace {

using std::chrono::seconds;
using ::testing::ElementsAre;
using SandboxResult = absl::StatusOr<v1::Sandbox>;

constexpr char kUuid[] = "81f3eb83-c4cc-4291-9f22-191c8d25122c";

v1::Sandbox Named(const std::string& id, const std::string& name) {
  v1::Sandbox sandbox = SandboxIn(id, "started");
  sandbox.set_name(name);
  return sandbox;
}

// An upstream that tries ids before names, and does not find some names for a while.
class ForgetfulUpstream final : public FakeApi {
 public:
  using FakeApi::Run;
  Task<SandboxResult> Run(CallContext, GetSandbox op) override { co_return Find("Get", op.key); }
  Task<SandboxResult> Run(CallContext, StartSandbox op) override { co_return Find("Start", op.key); }
  Task<SandboxResult> Run(CallContext, StopSandbox op) override { co_return Find("Stop", op.key); }
  Task<SandboxResult> Run(CallContext, DeleteSandbox op) override {
    SandboxResult found = Find("Delete", op.key);
    if (found.ok()) objects.erase(found->id());
    co_return found;
  }
  Task<absl::StatusOr<v1::Volume>> Run(CallContext, GetVolume op) override {
    Record(op);
    if (op.by_name()) co_return AbsentError("volume", "none");
    co_return volume;
  }

  std::map<std::string, v1::Sandbox> objects;
  std::set<std::string> forgotten;
  v1::Volume volume;

 private:
  SandboxResult Find(const std::string& what, const std::string& key) {
    calls.push_back(what + " " + key);
    if (const auto found = objects.find(key); found != objects.end()) return found->second;
    for (const auto& [id, object] : objects) {
      if (object.name() == key && !forgotten.contains(key)) return object;
    }
    return AbsentError("sandbox", key);
  }
};

class ResolvingApiTest : public ::testing::Test {
 protected:
  ResolvingApiTest() { Upstream(Named("a", "box")); }

  void Upstream(const v1::Sandbox& sandbox) { upstream_.objects[sandbox.id()] = sandbox; }
  void Learn(const v1::Sandbox& sandbox) {
    caches_.sandboxes.Observe(sandbox, ObservationSource::kRead, caches_.sandboxes.NextRevision(), clock_.Now());
  }
  // Another object has the name now, and upstream does not find it for a while.
  void RedeployBehindOurBack() {
    upstream_.objects.clear();
    Upstream(Named("b", "box"));
    upstream_.forgotten.insert("box");
  }

  template <typename T>
  static Task<void> Keep(Task<T> task, std::optional<T>* result) {
    co_await boost::asio::this_coro::throw_if_cancelled(false);
    result->emplace(co_await std::move(task));
  }
  template <typename T>
  T Run(Task<T> task) {
    std::optional<T> result;
    Spawn(io_.get_executor(), Keep(std::move(task), &result));
    io_.restart();
    io_.poll();
    return *std::move(result);
  }
  static CallContext Context() { return CallContext::Background("test"); }
  std::string IdIn(const SandboxResult& result) { return result.ok() ? result->id() : result.status().ToString(); }
  std::string Get(const std::string& key) { return IdIn(Run(api_->Run(Context(), GetSandbox(key)))); }
  std::string Start(const std::string& key) { return IdIn(Run(api_->Run(Context(), StartSandbox(key)))); }
  std::string Stop(const std::string& key) { return IdIn(Run(api_->Run(Context(), StopSandbox(key, false)))); }
  std::string Delete(const std::string& key) { return IdIn(Run(api_->Run(Context(), DeleteSandbox(key)))); }
  std::vector<std::string> Calls() { return std::exchange(upstream_.calls, {}); }

  const std::string not_found_ = AbsentError("sandbox", "box").ToString();
  boost::asio::io_context io_;
  FakeClock clock_{FakeClock::Mode::kManual};
  ForgetfulUpstream upstream_;
  ObjectCaches caches_{Lifetimes(), 1 << 20};
  const std::unique_ptr<Api> updating_ = MakeCacheUpdatingApi(upstream_, caches_, clock_);
  const std::unique_ptr<Api> api_ = MakeResolvingApi(*updating_, caches_, clock_);
};

TEST_F(ResolvingApiTest, AKnownNameIsReplacedByItsId) {
  EXPECT_EQ(Get("box"), "a");
  EXPECT_THAT(Calls(), ElementsAre("Get box")) << "nothing is cached yet";
  upstream_.forgotten.insert("box");
  EXPECT_EQ(Get("box"), "a");
  EXPECT_EQ(Start("box"), "a");
  EXPECT_EQ(Get("box"), "a");
  EXPECT_EQ(Stop("box"), "a");
  EXPECT_EQ(Delete("box"), "a");
  EXPECT_THAT(Calls(), ElementsAre("Get a", "Start a", "Get a", "Stop a", "Delete a"));
}

TEST_F(ResolvingApiTest, UnknownNamesArePassedOnExceptForDeletions) {
  EXPECT_EQ(Stop("box"), "a");
  EXPECT_THAT(Calls(), ElementsAre("Stop box"));
  caches_.sandboxes.Observe(SandboxIn("a", "destroyed"), ObservationSource::kEvent, caches_.sandboxes.NextRevision(),
                            clock_.Now());
  Upstream(Named("b", "box"));
  upstream_.objects.erase("a");
  EXPECT_EQ(Delete("box"), "b");
  EXPECT_THAT(Calls(), ElementsAre("Get box", "Delete b"));
  EXPECT_EQ(Delete("box"), not_found_);
}

TEST_F(ResolvingApiTest, AnIdIsPassedOn) {
  Learn(Named("a", "box"));
  Upstream(Named(kUuid, "other"));
  EXPECT_EQ(Get("a"), "a");
  EXPECT_EQ(Stop("a"), "a");
  EXPECT_EQ(Delete("a"), "a");
  EXPECT_EQ(Delete(kUuid), kUuid);
  EXPECT_THAT(Calls(), ElementsAre("Get a", "Stop a", "Delete a", std::string("Delete ") + kUuid));
}

TEST_F(ResolvingApiTest, AStaleNameIsReadBeforeAMutation) {
  Learn(Named("a", "box"));
  clock_.Advance(seconds(2));
  EXPECT_EQ(Stop("box"), "a");
  EXPECT_THAT(Calls(), ElementsAre("Get a", "Stop a"));
  clock_.Advance(seconds(2));
  upstream_.objects["a"].set_name("DESTROYED_box");
  Upstream(Named("b", "box"));
  EXPECT_EQ(Stop("box"), "b") << "and not the one that is being deleted";
  clock_.Advance(seconds(2));
  EXPECT_EQ(Delete("box"), "b");
}

TEST_F(ResolvingApiTest, ANameOfADeletedObjectIsAskedForOnce) {
  for (const bool fresh : {true, false}) {
    upstream_.objects.clear();
    const std::string old_id = fresh ? "a" : "c";
    const std::string new_id = fresh ? "b" : "d";
    Learn(Named(old_id, "box"));
    Upstream(Named(new_id, "box"));
    if (!fresh) clock_.Advance(seconds(2));
    EXPECT_EQ(Stop("box"), new_id);
    EXPECT_EQ(Get("box"), new_id);
  }
  Learn(Named("e", "box"));
  EXPECT_EQ(Delete("box"), "d");
  EXPECT_EQ(Get("box"), not_found_);
}

TEST_F(ResolvingApiTest, AnObjectThatIsCachedMeanwhileIsFoundByANameThatUpstreamForgot) {
  Learn(Named("a", "box"));
  RedeployBehindOurBack();
  EXPECT_EQ(Get("box"), not_found_) << "nobody can tell";
  Learn(Named("b", "box"));
  EXPECT_EQ(Get("box"), "b");
  EXPECT_EQ(Stop("box"), "b");
  EXPECT_EQ(Delete("box"), "b");
}

TEST_F(ResolvingApiTest, ANameThatLooksLikeAnIdIsTriedAsAnIdFirst) {
  upstream_.objects.clear();
  Upstream(Named("b", kUuid));
  EXPECT_EQ(Get(kUuid), "b");
  EXPECT_EQ(Get(kUuid), "b");
  Upstream(Named(kUuid, "box"));
  EXPECT_EQ(Get(kUuid), kUuid);
  EXPECT_EQ(Stop(kUuid), kUuid);
  EXPECT_EQ(Delete(kUuid), kUuid);
  EXPECT_EQ(Get("b"), "b");
}

TEST_F(ResolvingApiTest, AnIdThatMatchesAsANameOnlyIsGone) {
  Learn(Named(kUuid, "box"));
  upstream_.objects.clear();
  Upstream(Named("b", kUuid));
  EXPECT_EQ(Get(kUuid), "b");
  EXPECT_TRUE(caches_.sandboxes.Find(kUuid)->gone);
}

TEST_F(ResolvingApiTest, ANameThatLooksLikeAnIdIsFoundThoughUpstreamHasForgottenIt) {
  upstream_.objects.clear();
  Upstream(Named("b", kUuid));
  Learn(Named("b", kUuid));
  upstream_.forgotten.insert(kUuid);
  EXPECT_EQ(Get(kUuid), "b");
  EXPECT_EQ(Start(kUuid), "b");
  EXPECT_EQ(Delete(kUuid), "b");
}

TEST_F(ResolvingApiTest, ADeletedVolumeIsNotFoundByItsName) {
  upstream_.volume.set_id("v");
  upstream_.volume.set_name("vol");
  upstream_.volume.set_view(v1::VIEW_FULL);
  caches_.volumes.Observe(upstream_.volume, ObservationSource::kRead, caches_.volumes.NextRevision(), clock_.Now());
  EXPECT_TRUE(Run(api_->Run(Context(), GetVolume::ByName("vol"))).ok());
  EXPECT_THAT(Calls(), ElementsAre("GetVolumeById v"));
  upstream_.volume.set_state(v1::VOLUME_STATE_DELETED);
  EXPECT_TRUE(absl::IsNotFound(Run(api_->Run(Context(), GetVolume::ByName("vol"))).status()));
  EXPECT_THAT(Calls(), ElementsAre("GetVolumeById v", "GetVolumeByName vol"));
}

}  // namespace
}  // namespace daytonad
