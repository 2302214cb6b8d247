#ifndef DAYTONAD_DAEMON_NET_HTTP_BODY_BUDGET_H_
#define DAYTONAD_DAEMON_NET_HTTP_BODY_BUDGET_H_

#include <cstddef>
#include <memory>
#include <utility>

namespace daytonad {

// Limits the total memory of bodies that were received but not yet consumed. A small body always fits, so that a few
// large answers cannot block the others. Loop thread only.
class BodyBudget {
 public:
  explicit BodyBudget(size_t max_bytes) : max_bytes_(max_bytes) {}
  BodyBudget(const BodyBudget&) = delete;
  BodyBudget& operator=(const BodyBudget&) = delete;

  // One body's share. Returned when it is destroyed.
  class Share {
   public:
    explicit Share(std::shared_ptr<BodyBudget> budget) : budget_(std::move(budget)) {}
    Share(const Share&) = delete;
    Share& operator=(const Share&) = delete;
    ~Share() { Clear(); }

    // Grows the share to `bytes` in total. Returns false and changes nothing if there is no room.
    bool Grow(size_t bytes) {
      const size_t more = bytes - bytes_;
      if (bytes > kAlwaysFree && more > budget_->free()) return false;
      budget_->used_ += more;
      bytes_ = bytes;
      return true;
    }
    void Clear() { budget_->used_ -= std::exchange(bytes_, 0); }

   private:
    std::shared_ptr<BodyBudget> budget_;
    size_t bytes_ = 0;
  };

  static constexpr size_t kAlwaysFree = size_t{16} << 10;

  size_t used() const { return used_; }

 private:
  size_t free() const { return used_ < max_bytes_ ? max_bytes_ - used_ : 0; }

  const size_t max_bytes_;
  size_t used_ = 0;
};

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_NET_HTTP_BODY_BUDGET_H_
