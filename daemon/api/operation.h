#ifndef DAYTONAD_DAEMON_API_OPERATION_H_
#define DAYTONAD_DAEMON_API_OPERATION_H_

#include <string>
#include <string_view>
#include <utility>

#include "daemon/base/effect.h"

// What an upstream operation is. Each operation is a class with its parameters as members, and with
//
//   using Result = ...;               absl::StatusOr<T>, or absl::Status
//   OperationInfo info() const;       what generic code must know about it
//   void set_id(std::string id);      if it names an object by a key: names that object by its id from now on
//   std::string share_key() const;    if it is a read that identical ones may share: encodes all parameters except the
//                                     key. Without this function, each call sends a request of its own
//   bool Shows(const T& item, bool exists) const;   if it is a list: whether the list shows an item in this state
//
// Operations have constructors: g++ 12 destroys an aggregate in a co_await expression twice.
namespace daytonad {

// The kinds of objects that state/ caches; kNone for everything else.
enum class ObjectKind { kNone, kSandbox, kSnapshot, kVolume };

// What an operation does with the objects of its kind.
enum class OperationRole {
  kGet,     // returns the object with its key; the result is absl::StatusOr<object>
  kList,    // returns objects
  kRead,    // any other read
  kCreate,  // creates an object; its key is the object's name, which may be empty
  kMutate,  // mutates the object with its key
  kDelete,  // deletes it
};

// What a key is. Upstream tries an id before a name.
enum class KeyForm { kId, kName, kIdOrName };

// How long an answer may be served to other calls.
enum class Caching {
  kNever,
  kWhileFresh,  // as long as the cached object is fresh enough for the read's terms; for kGet only
};

// Known at run time only: one class may stand for many operations (ForwardedCall).
struct OperationInfo {
  // `name` lives as long as the program.
  OperationInfo(std::string_view name, ObjectKind kind, OperationRole role, std::string key = "",
                KeyForm key_form = KeyForm::kId, Caching caching = Caching::kNever)
      : name(name), kind(kind), role(role), key(std::move(key)), key_form(key_form), caching(caching) {}

  Effect effect() const {
    const bool reads = role == OperationRole::kGet || role == OperationRole::kList || role == OperationRole::kRead;
    return reads ? Effect::kRead : Effect::kMutation;
  }

  std::string_view name;  // "GetSandbox"
  ObjectKind kind;
  OperationRole role;
  std::string key;  // of the object; empty if it is about no single object
  KeyForm key_form;
  Caching caching;
};

// The base of operations on one object.
struct KeyedOperation {
  explicit KeyedOperation(std::string key) : key(std::move(key)) {}
  void set_id(std::string id) { key = std::move(id); }

  std::string key;
};

template <typename Op>
concept NamesObject = requires(Op op, std::string id) {
  op.set_id(std::move(id));
};

template <typename Op>
concept Shareable = requires(const Op op) {
  op.share_key();
};

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_API_OPERATION_H_
