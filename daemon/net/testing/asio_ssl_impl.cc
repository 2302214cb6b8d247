// Asio's TLS code, compiled once for the tests (BOOST_ASIO_SEPARATE_COMPILATION). The daemon itself speaks TLS through
// libcurl and gRPC.
#include <boost/asio/ssl/impl/src.hpp>
