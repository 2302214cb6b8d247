# Everything comes from Debian 12's -dev packages; .ci/deps names them.
find_package(Threads REQUIRED)
find_package(Protobuf REQUIRED) # Debian ships no config file for it: module mode
find_package(absl REQUIRED CONFIG)
find_package(gRPC REQUIRED CONFIG)
find_package(CURL REQUIRED)
find_package(OpenSSL REQUIRED)
find_package(ZLIB REQUIRED)
find_package(nlohmann_json REQUIRED CONFIG)
find_package(Boost 1.81 REQUIRED)
find_package(yaml-cpp REQUIRED CONFIG)
find_package(CLI11 REQUIRED CONFIG)
find_package(LibArchive REQUIRED)
find_package(tomlplusplus REQUIRED CONFIG)
if(NOT DAYTONAD_SANITIZE) # which brings an allocator of its own
  find_library(JEMALLOC_LIBRARY NAMES jemalloc REQUIRED) # has no CMake package
  add_library(jemalloc::jemalloc SHARED IMPORTED)
  set_target_properties(jemalloc::jemalloc PROPERTIES IMPORTED_LOCATION "${JEMALLOC_LIBRARY}")
endif()
if(DAYTONAD_BUILD_TESTS)
  find_package(GTest REQUIRED CONFIG)
endif()
