#ifndef DAYTONAD_EMULATOR_HTTP_INCOMING_BODY_H_
#define DAYTONAD_EMULATOR_HTTP_INCOMING_BODY_H_

#include <boost/asio/buffer.hpp>
#include <boost/beast/core/buffers_range.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/optional.hpp>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "emulator/base/spool.h"

namespace daytonad::emulator {

// What to do with a request's body; decided once its header is complete.
struct BodyPlan {
  bool spool = false;  // into a Spool instead of a string
  // Called after each piece with the bytes received so far; false ends the connection. May be null.
  std::function<bool(std::uint64_t)> keep_receiving;
};
using BodyPlanner = std::function<BodyPlan(std::string_view method, std::string_view target)>;

// A body for Beast's parser (its "Body" concept, hence the names) that follows a BodyPlan.
struct IncomingBody {
  static constexpr std::uint64_t kMaxText = 64ULL * 1024 * 1024;

  struct value_type {                      // NOLINT(readability-identifier-naming)
    const BodyPlanner* planner = nullptr;  // set before parsing
    std::string text;
    std::shared_ptr<Spool> spool;  // null: in `text`
    bool cut = false;              // the plan ended it
  };

  class reader {  // NOLINT(readability-identifier-naming)
   public:
    template <bool is_request, class Fields>
    reader(boost::beast::http::header<is_request, Fields>& header, value_type& body) : body_(body) {
      // Runs later: the header is still empty here.
      make_plan_ = [&header, &body] {
        const auto method = header.method_string();
        const auto target = header.target();
        return (*body.planner)({method.data(), method.size()}, {target.data(), target.size()});
      };
    }

    // Called when the header is complete, if there is a body at all.
    void init(const boost::optional<std::uint64_t>& length, boost::system::error_code& error) {
      error = {};
      if (body_.planner != nullptr && *body_.planner) plan_ = make_plan_();
      if (plan_.spool) body_.spool = std::make_shared<Spool>();
      if (!plan_.spool && length.has_value() && *length > kMaxText) error = boost::beast::http::error::body_limit;
    }

    template <class Buffers>
    std::size_t put(const Buffers& buffers, boost::system::error_code& error) {
      error = {};
      std::size_t taken = 0;
      for (const boost::asio::const_buffer buffer : boost::beast::buffers_range_ref(buffers)) {
        Take({static_cast<const char*>(buffer.data()), buffer.size()}, error);
        taken += buffer.size();
      }
      return taken;
    }

    void finish(boost::system::error_code& error) { error = {}; }

   private:
    void Take(std::string_view bytes, boost::system::error_code& error) {
      received_ += bytes.size();
      if (plan_.spool) {
        body_.spool->Append(bytes);
      } else if (received_ > kMaxText) {
        error = boost::beast::http::error::body_limit;
      } else {
        body_.text += bytes;
      }
      if (plan_.keep_receiving && !plan_.keep_receiving(received_)) {
        body_.cut = true;
        error = boost::beast::http::error::end_of_stream;
      }
    }

    value_type& body_;
    std::function<BodyPlan()> make_plan_;
    BodyPlan plan_;
    std::uint64_t received_ = 0;
  };
};

}  // namespace daytonad::emulator

#endif  // DAYTONAD_EMULATOR_HTTP_INCOMING_BODY_H_
