# The Python example as an application would be packaged: its own code, stubs generated from the contract, no SDK, no key.
# The context is the root of the repository.
FROM debian:bookworm-slim
RUN apt-get update \
 && DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-install-recommends \
      python3 python3-grpc-tools python3-grpcio python3-protobuf \
 && rm -rf /var/lib/apt/lists/*
WORKDIR /app
COPY proto proto
RUN python3 -m grpc_tools.protoc -Iproto --python_out=. --grpc_python_out=. proto/daytonad/v1/*.proto
COPY client/python/*.py ./
# The daemon's user, whose socket it shares.
USER 65532:65532
ENTRYPOINT ["python3", "example.py"]
