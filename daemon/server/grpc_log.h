#ifndef DAYTONAD_DAEMON_SERVER_GRPC_LOG_H_
#define DAYTONAD_DAEMON_SERVER_GRPC_LOG_H_

namespace daytonad {

// Sends what gRPC itself logs to our log: its errors as errors, which nobody else may notice, everything else at level
// debug. Call before anything of gRPC's is used.
void RedirectGrpcLog();

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_SERVER_GRPC_LOG_H_
