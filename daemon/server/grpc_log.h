#ifndef DAYTONAD_DAEMON_SERVER_GRPC_LOG_H_
#define DAYTONAD_DAEMON_SERVER_GRPC_LOG_H_

namespace daytonad {

// Sends what gRPC itself logs to our log, at level debug: its errors are of interest to whoever looks for a defect, and
// what an operator needs to know is said by us. Only its last words, before it ends the process, are errors here, too.
// Call before anything of gRPC's is used.
void RedirectGrpcLog();

}  // namespace daytonad

#endif  // DAYTONAD_DAEMON_SERVER_GRPC_LOG_H_
