#include "daemon/upstream/v0/transport/rate_budget.h"

#include <algorithm>
#include <boost/asio/this_coro.hpp>
#include <cstdint>
#include <utility>

#include "absl/cleanup/cleanup.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "daemon/base/error.h"
#include "daemon/base/event.h"
#include "daemon/base/fair_queue.h"
#include "daemon/base/log.h"
#include "daemon/base/spawn.h"

namespace daytonad {
namespace {

using TimePoint = Clock::TimePoint;

// Upstream has half a dozen.
constexpr size_t kMaxThrottlers = 32;
constexpr size_t kMaxNameLength = 64;
// A longer window is not believed.
constexpr int64_t kMaxReset = 86400;

// X-RateLimit-{Limit,Remaining,Reset}-{throttler} of one throttler.
struct RateHeaders {
  std::optional<int64_t> limit;
  std::optional<int64_t> remaining;
  std::optional<int64_t> reset;

  std::optional<RateWindow::Report> ToReport() const {
    if (!limit.has_value() || !remaining.has_value() || !reset.has_value()) return std::nullopt;
    if (*limit == 0 || *reset > kMaxReset) return std::nullopt;
    return RateWindow::Report{*limit, *remaining, std::chrono::seconds(*reset)};
  }
};

std::map<std::string, RateHeaders> ReadRateHeaders(const HttpHeaders& headers) {
  std::map<std::string, RateHeaders> found;
  for (const auto& [name, value] : headers.entries()) {
    absl::string_view rest = name;
    const auto consume = [&rest](absl::string_view prefix) {
      const bool fits = absl::StartsWithIgnoreCase(rest, prefix);
      if (fits) rest.remove_prefix(prefix.size());
      return fits;
    };
    int64_t number = 0;
    if (!consume("x-ratelimit-") || !absl::SimpleAtoi(value, &number) || number < 0) continue;
    if (consume("limit-")) {
      found[absl::AsciiStrToLower(rest)].limit = number;
    } else if (consume("remaining-")) {
      found[absl::AsciiStrToLower(rest)].remaining = number;
    } else if (consume("reset-")) {
      found[absl::AsciiStrToLower(rest)].reset = number;
    }
  }
  return found;
}

}  // namespace

struct RateBudget::Waiter {
  explicit Waiter(const CallContext& context)
      : context(context), client(context.identity().caller.client), background(context.background()) {}

  // How long it may wait in the queue. A caller who joins its flight may extend that.
  TimePoint QueueUntil(TimePoint now) const { return context.queue_until(now); }
  bool MayWait(TimePoint now) const { return context.Check(now).ok() && now < QueueUntil(now); }

  const CallContext& context;
  const std::string client;
  const bool background;
  bool queued = false;
  FairQueue<Waiter>::Place place;  // while it is queued
  // Fired when it leaves the queue: with a permit, or because none would come in time.
  Event called;
  std::optional<RateWindow::Request> granted;
};

// One limit, and who waits for it. Kept alive by what waits.
struct RateBudget::Throttler {
  Throttler(Clock& clock, std::string name) : clock(clock), name(std::move(name)) {}

  FairQueue<Waiter>& QueueOf(const Waiter& waiter) { return waiter.background ? background : callers; }
  bool SomebodyWaits() const { return !callers.empty() || !background.empty(); }

  // Whether a new request may be sent at once.
  bool FreeFor(bool is_background) {
    const bool first = is_background ? !SomebodyWaits() : callers.empty();
    return first && window.Allows(clock.Now(), is_background);
  }

  // The earliest time at which a request that comes now gets a permit.
  TimePoint FreeAt(const Waiter& waiter) {
    const size_t ahead =
        waiter.background ? callers.size() + background.Ahead(waiter.client) : callers.Ahead(waiter.client);
    return window.EarliestSend(ahead, waiter.background, clock.Now());
  }

  void Enter(Waiter& waiter) {
    waiter.place = QueueOf(waiter).Add(waiter.client, &waiter);
    waiter.queued = true;
  }
  void Leave(Waiter& waiter) {
    if (!waiter.queued) return;
    QueueOf(waiter).Remove(waiter.place);
    waiter.queued = false;
  }

  // Grants all permits that the window allows now.
  void GrantPermits() {
    const TimePoint now = clock.Now();
    while (SomebodyWaits()) {
      const bool is_background = callers.empty();
      if (!window.Allows(now, is_background)) break;
      Waiter* next = is_background ? background.Pop() : callers.Pop();
      next->queued = false;
      next->granted = window.Send(now);
      next->called.Fire();
    }
    // GrantOverTime now sleeps too long, or no waiter is left.
    if (granting && (!SomebodyWaits() || window.NextChange(now) < sleeps_until)) {
      std::exchange(wake, Event()).Fire();
    }
  }

  // Called after an answer changed the window. If waits got longer, requests that cannot get a permit in time are
  // dismissed now.
  void Learned(bool later) {
    if (later) {
      DismissLate(callers, 0);
      DismissLate(background, callers.size());
    }
    GrantPermits();
  }

  void DismissLate(FairQueue<Waiter>& queue, size_t ahead) {
    const TimePoint now = clock.Now();
    for (Waiter* waiter : queue.InOrder()) {
      if (window.EarliestSend(ahead, waiter->background, now) <= waiter->QueueUntil(now)) {
        ++ahead;
      } else {
        Leave(*waiter);
        waiter->called.Fire();
      }
    }
  }

  // Grants permits as the window frees up, until the queues are empty.
  static Task<void> GrantOverTime(std::shared_ptr<Throttler> self) {
    co_await boost::asio::this_coro::throw_if_cancelled(false);
    const CallContext context = CallContext::Background("rate budget");
    while (self->SomebodyWaits()) {
      self->sleeps_until = self->window.NextChange(self->clock.Now());
      (void)co_await self->wake.Wait(self->clock, context.WithDeadline(self->sleeps_until));
      self->GrantPermits();
    }
    self->granting = false;
  }

  absl::Status Refusal(TimePoint free_at) const {
    const Clock::Duration wait = std::max<Clock::Duration>(free_at - clock.Now(), std::chrono::milliseconds(1));
    const auto rounded = std::chrono::ceil<std::chrono::milliseconds>(wait);
    const std::string limit = window.limit().has_value() ? std::to_string(*window.limit()) : "";
    absl::Status error = MakeError(
        absl::StatusCode::kResourceExhausted, "RATE_LIMITED",
        absl::StrCat("Daytona's rate limit `", name, "`", limit.empty() ? "" : absl::StrCat(" (", limit, " requests)"),
                     " is used up. This request could be sent in ", static_cast<double>(rounded.count()) / 1000,
                     " s at the earliest, which is after the call's deadline or longer than --max-queue-wait. It ",
                     "was not sent: try again then, or set a later deadline."),
        {{"throttler", name}, {"ended_by", "deadline"}});
    if (!limit.empty()) error = WithErrorMetadata(std::move(error), "limit", limit);
    return WithDelivery(WithRetryDelay(std::move(error), rounded), Delivery::kNotSent);
  }

  Clock& clock;
  const std::string name;
  RateWindow window;
  FairQueue<Waiter> callers;
  FairQueue<Waiter> background;
  bool granting = false;  // GrantOverTime runs
  TimePoint sleeps_until = TimePoint::max();
  Event wake;
};

RateBudget::Permit::~Permit() {
  if (throttler_ == nullptr) return;
  throttler_->window.Lost(request_, throttler_->clock.Now());
  throttler_->GrantPermits();
}

void RateBudget::Permit::Answered(const HttpHeaders& headers) {
  const std::shared_ptr<Throttler> own = std::exchange(throttler_, nullptr);
  if (own == nullptr) return;
  const TimePoint now = own->clock.Now();
  std::optional<RateWindow::Report> own_report;
  for (const auto& [name, rate_headers] : ReadRateHeaders(headers)) {
    const std::optional<RateWindow::Report> report = rate_headers.ToReport();
    if (!report.has_value()) continue;
    if (name == own->name) {
      own_report = report;
    } else if (const std::shared_ptr<Throttler> other = budget_->Find(name)) {
      other->Learned(other->window.Answered({0, request_.sent}, report, now));
    }
  }
  own->Learned(own->window.Answered(request_, own_report, now));
}

std::chrono::milliseconds RateBudget::Permit::Refused(const std::string& throttler, std::chrono::milliseconds wait) {
  using std::chrono::milliseconds;
  const milliseconds if_unknown = std::chrono::ceil<milliseconds>(RateWindow().Believed(wait));
  std::shared_ptr<Throttler> refusing = std::exchange(throttler_, nullptr);
  if (refusing == nullptr) return if_unknown;
  const TimePoint now = refusing->clock.Now();
  if (!throttler.empty() && throttler != refusing->name) {
    refusing->window.NotSent(request_, now);
    refusing->GrantPermits();
    request_.number = 0;
    refusing = budget_->Find(throttler);
    if (refusing == nullptr) return if_unknown;
  }
  const auto believed = std::chrono::ceil<milliseconds>(refusing->window.Believed(wait));
  const bool later = refusing->window.Refused(request_, believed, now);
  if (later) {
    Log(LogLevel::kWarning, "requests to Daytona are paused: its rate limit is used up",
        {{"throttler", refusing->name}, {"seconds", absl::StrCat(static_cast<double>(believed.count()) / 1000)}});
  }
  refusing->Learned(later);
  return believed;
}

void RateBudget::Permit::NotSent() {
  const std::shared_ptr<Throttler> own = std::exchange(throttler_, nullptr);
  if (own == nullptr) return;
  own->window.NotSent(request_, own->clock.Now());
  own->GrantPermits();
}

void RateBudget::Suppose(const std::string& name, int64_t limit, Clock::Duration length) {
  if (const auto throttler = Find(name); throttler != nullptr) throttler->window.Suppose(limit, length);
}

Task<absl::StatusOr<RateBudget::Permit>> RateBudget::Acquire(CallContext context, std::string name) {
  const std::shared_ptr<Throttler> throttler = name.empty() ? nullptr : Find(name);
  if (throttler == nullptr) co_return Permit();
  if (throttler->FreeFor(context.background())) {
    co_return Permit(this, throttler, throttler->window.Send(clock_.Now()));
  }
  Waiter waiter(context);
  // Also if the loop ends and this coroutine never resumes.
  const absl::Cleanup leave = [&throttler, &waiter] { throttler->Leave(waiter); };
  while (true) {
    const TimePoint free_at = throttler->FreeAt(waiter);
    if (free_at > waiter.QueueUntil(clock_.Now())) break;
    const QueueWait wait(name, free_at);
    const QueueWaitScope waiting(context, clock_, wait);
    waiter.called = Event();
    throttler->Enter(waiter);
    if (!std::exchange(throttler->granting, true)) {
      const Executor executor = co_await boost::asio::this_coro::executor;
      Spawn(executor, Throttler::GrantOverTime(throttler));
    }
    while (waiter.queued && waiter.MayWait(clock_.Now())) {
      (void)co_await waiter.called.Wait(clock_, context.WithDeadline(waiter.QueueUntil(clock_.Now())));
    }
    if (waiter.granted.has_value()) co_return Permit(this, throttler, *waiter.granted);
    throttler->Leave(waiter);
    throttler->GrantPermits();  // ends GrantOverTime if this was the last waiter
    if (context.cancelled()) co_return WithDelivery(CancelledError(), Delivery::kNotSent);
    if (!waiter.MayWait(clock_.Now())) break;
    // It was dismissed because its permit would come too late. A caller with more time may have joined since: try
    // again.
  }
  co_return throttler->Refusal(throttler->FreeAt(waiter));
}

size_t RateBudget::waiting(std::string_view throttler) const {
  const auto found = throttlers_.find(throttler);
  return found == throttlers_.end() ? 0 : found->second->callers.size() + found->second->background.size();
}

std::shared_ptr<RateBudget::Throttler> RateBudget::Find(const std::string& name) {
  const auto found = throttlers_.find(name);
  if (found != throttlers_.end()) return found->second;
  if (throttlers_.size() >= kMaxThrottlers || name.size() > kMaxNameLength) return nullptr;
  return throttlers_[name] = std::make_shared<Throttler>(clock_, name);
}

}  // namespace daytonad
