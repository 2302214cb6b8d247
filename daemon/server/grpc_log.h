#ifndef DAYTONAD_DAEMON_SERVER_GRPC_LOG_H_
#define DAYTONAD_DAEMON_SERVER_GRPC_LOG_H_

namespace daytonad {

// Redirects gRPC's own log to ours: its errors as errors, everything else at level debug. Call before using gRPC.
void RedirectGrpcLog();

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_SERVER_GRPC_LOG_H_
