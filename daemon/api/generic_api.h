#ifndef DAYTONAD_DAEMON_API_GENERIC_API_H_
#define DAYTONAD_DAEMON_API_GENERIC_API_H_

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <tuple>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "daemon/api/api.h"

namespace daytonad {

// Implements every overload of Base::Run by one member template of Derived:
//
//   template <typename Op>
//   Task<typename Op::Result> RunAny(CallContext context, Op op);
//
// Each level of this recursive class implements one overload.
template <typename Derived, typename Base = Api, size_t kCount = std::tuple_size_v<Operations>>
class GenericApi : public GenericApi<Derived, Base, kCount - 1> {
  using Op = std::tuple_element_t<kCount - 1, Operations>;

 public:
  using GenericApi<Derived, Base, kCount - 1>::Run;
  Task<typename Op::Result> Run(CallContext context, Op op) override {
    return static_cast<Derived*>(this)->RunAny(std::move(context), std::move(op));
  }
};

template <typename Derived, typename Base>
class GenericApi<Derived, Base, 0> : public Base {};

// A generic API on top of another one, `inner_`. What is no operation is forwarded.
template <typename Derived, typename Base = Api>
class ApiDecorator : public GenericApi<Derived, Base> {
 public:
  // `inner` outlives this object.
  explicit ApiDecorator(Api& inner) : inner_(inner) {}

  Task<absl::StatusOr<std::unique_ptr<ByteStream>>> OpenBuildLog(CallContext context, LogOwner owner, std::string id,
                                                                 bool follow) final {
    return inner_.OpenBuildLog(std::move(context), owner, std::move(id), follow);
  }
  Task<absl::StatusOr<std::unique_ptr<ContextStore>>> OpenContextStore(CallContext context) final {
    return inner_.OpenContextStore(std::move(context));
  }
  Task<absl::Status> Ping(CallContext context) final { return inner_.Ping(std::move(context)); }
  std::optional<ServerVersion> server_version() const final { return inner_.server_version(); }

 protected:
  Api& inner_;
};

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_API_GENERIC_API_H_
