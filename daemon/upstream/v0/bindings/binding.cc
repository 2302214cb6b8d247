#include "daemon/upstream/v0/bindings/binding.h"

#include <algorithm>

namespace daytonad {

const std::vector<Binding>& Bindings() {
  // One row an RPC. binding_test.cc compares them with the contract.
  static const auto* const kBindings = new std::vector<Binding>{
      // Settings of a sandbox. Servers answer some with the specification's 200 and some with 201.
      {.rpc = "SetSandboxLabels",
       .method = HttpMethod::kPut,
       .path = "sandbox/{sandbox}/labels",
       .body = true,
       .mappings = {{.field = "labels", .always = true}}},
      {.rpc = "SetSandboxAutoStop",
       .method = HttpMethod::kPost,
       .path = "sandbox/{sandbox}/autostop/{minutes}",
       .answer = "sandbox"},
      {.rpc = "SetSandboxAutoPause",
       .method = HttpMethod::kPost,
       .path = "sandbox/{sandbox}/autopause/{minutes}",
       .answer = "sandbox"},
      {.rpc = "SetSandboxAutoArchive",
       .method = HttpMethod::kPost,
       .path = "sandbox/{sandbox}/autoarchive/{minutes}",
       .answer = "sandbox"},
      {.rpc = "SetSandboxAutoDelete",
       .method = HttpMethod::kPost,
       .path = "sandbox/{sandbox}/autodelete/{minutes}",
       .answer = "sandbox"},
      {.rpc = "SetSandboxTtl",
       .method = HttpMethod::kPost,
       .path = "sandbox/{sandbox}/ttl/{minutes}",
       .answer = "sandbox"},
      {.rpc = "SetSandboxPublic",
       .method = HttpMethod::kPost,
       .path = "sandbox/{sandbox}/public/{is_public}",
       .answer = "sandbox"},
      {.rpc = "SetSandboxNetwork",
       .method = HttpMethod::kPost,
       .path = "sandbox/{sandbox}/network-settings",
       .body = true,
       .answer = "sandbox",
       .mappings = {{.field = "network_allow_list", .form = JsonForm::kCommaList},
                    {.field = "domain_allow_list", .form = JsonForm::kCommaList}}},
      {.rpc = "RefreshSandboxActivity", .method = HttpMethod::kPost, .path = "sandbox/{sandbox}/last-activity"},
  };
  return *kBindings;
}

const Binding* FindBinding(const google::protobuf::Message& request) {
  constexpr std::string_view kSuffix = "Request";
  std::string_view rpc = request.GetDescriptor()->name();
  if (!rpc.ends_with(kSuffix)) return nullptr;
  rpc.remove_suffix(kSuffix.size());
  const auto found = std::ranges::find(Bindings(), rpc, &Binding::rpc);
  return found == Bindings().end() ? nullptr : &*found;
}

}  // namespace daytonad
