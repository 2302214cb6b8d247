# How every target of ours is compiled: language level, warnings, sanitizers, compiler cache, where programs land.
set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/bin")

find_program(CCACHE_PROGRAM ccache)
if(CCACHE_PROGRAM AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  # A build folder is named relative to the source tree, so that one cache serves all presets' common sources.
  set(CMAKE_CXX_COMPILER_LAUNCHER
      ${CMAKE_COMMAND} -E env CCACHE_BASEDIR=${CMAKE_SOURCE_DIR} CCACHE_NOHASHDIR=1 ${CCACHE_PROGRAM})
endif()

# Properties of hand-written code. Generated protobuf code is compiled without them.
add_library(daytonad_compile_options INTERFACE)
target_compile_options(daytonad_compile_options INTERFACE -Wall -Wextra $<$<BOOL:${DAYTONAD_WARNINGS_AS_ERRORS}>:-Werror>)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # g++ 12 sees only one half of Asio's pair of allocation functions for coroutine frames once it inlines the other.
  target_compile_options(daytonad_compile_options INTERFACE -Wno-mismatched-new-delete)
endif()
target_compile_definitions(
  daytonad_compile_options
  INTERFACE DAYTONAD_VERSION="${PROJECT_VERSION}"
            # Asio's and Beast's own code is compiled once, in daemon/base/asio_impl.cc and emulator/http/beast_impl.cc.
            BOOST_ASIO_SEPARATE_COMPILATION BOOST_ASIO_NO_DEPRECATED)
target_include_directories(daytonad_compile_options INTERFACE "${CMAKE_SOURCE_DIR}")

if(DAYTONAD_SANITIZE)
  add_compile_options(-fsanitize=${DAYTONAD_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${DAYTONAD_SANITIZE})
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    # With its checks woven in, g++ 12 no longer sees that std::stop_source is initialised; the plain build looks for that.
    add_compile_options(-Wno-maybe-uninitialized)
  endif()
  if(DAYTONAD_SANITIZE MATCHES "thread")
    # g++ warns that it does not model the fences in Asio; nothing of ours uses any.
    add_compile_options(-Wno-tsan)
    # Under the sanitizer's macro, Protobuf's headers give maps another layout than Debian's library has, and reflection
    # on maps crashes. The standard library keeps what it does under that macro.
    add_compile_options(-U__SANITIZE_THREAD__ -D_GLIBCXX_TSAN=1)
  endif()
endif()
