# The images of the daemon and of the emulator.
#
#   docker build -t daytonad .
#   docker build -t daytona-emulator --target emulator .
#   docker build -t daytonad:static --target static .     # no shell, no package: the programs, glibc and the CA bundle
#
# buildah needs --format docker, or the health check is lost.

# That of CMakeLists.txt, as tests/install holds.
ARG VERSION=0.1.0

FROM debian:bookworm-slim AS build
WORKDIR /src
COPY .ci/deps .ci/deps
RUN .ci/deps build
COPY . .
RUN cmake --preset release -DDAYTONAD_BUILD_TESTS=OFF \
 && cmake --build --preset release --target daytonad daytonactl daytona-emulator \
 && strip build/release/bin/*

FROM debian:bookworm-slim AS build-static
WORKDIR /src
COPY .ci/deps .ci/static-deps .ci/
RUN .ci/deps build static && .ci/static-deps build/static-deps
COPY . .
RUN cmake --preset static \
 && cmake --build --preset static --target daytonad daytonactl \
 && strip build/static/bin/*
# The image's files, below /image: the programs, what ldd names, and the folder of the socket.
RUN install -D --target-directory=/image/usr/local/bin build/static/bin/daytonad build/static/bin/daytonactl \
 && ldd build/static/bin/* | grep --only-matching '/lib[^ ]*' | sort --unique | xargs cp --parents --dereference --target-directory=/image \
 && cp --parents /etc/ssl/certs/ca-certificates.crt /image \
 && install -D LICENSE /image/usr/share/doc/daytonad/copyright \
 && install --directory --owner=65532 --group=65532 --mode=0750 /image/run/daytonad

FROM scratch AS static
ARG VERSION
LABEL org.opencontainers.image.title="daytonad" \
      org.opencontainers.image.description="The Daytona sandbox API over gRPC, as a sidecar" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}"
COPY --from=build-static /image /
USER 65532:65532
VOLUME /run/daytonad
HEALTHCHECK --interval=5s --timeout=2s --start-period=5s CMD ["/usr/local/bin/daytonactl", "health"]
ENTRYPOINT ["/usr/local/bin/daytonad"]

# What the other images run on: the shared libraries that the programs name, and a user without rights.
FROM debian:bookworm-slim AS runtime
RUN apt-get update \
 && DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-install-recommends \
      ca-certificates libabsl20220623 libarchive13 libcurl4 libgrpc++1.51 libjemalloc2 libprotobuf32 libssl3 libyaml-cpp0.7 \
 && rm -rf /var/lib/apt/lists/* /var/cache/ldconfig/aux-cache \
 && groupadd --gid 65532 daytonad \
 && useradd --uid 65532 --gid daytonad --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin daytonad
COPY LICENSE /usr/share/doc/daytonad/copyright
ARG VERSION
LABEL org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}"
USER 65532:65532

FROM runtime AS emulator
LABEL org.opencontainers.image.title="daytona-emulator" \
      org.opencontainers.image.description="An offline Daytona API for trying and testing"
COPY --from=build /src/build/release/bin/daytona-emulator /usr/local/bin/
RUN ! ldd /usr/local/bin/* | grep 'not found'
EXPOSE 3986
# The image holds no HTTP client; bash can open a connection.
HEALTHCHECK --interval=5s --timeout=2s --start-period=5s CMD ["bash", "-c", ": </dev/tcp/127.0.0.1/3986"]
ENTRYPOINT ["/usr/local/bin/daytona-emulator"]
CMD ["--listen", "0.0.0.0:3986"]

FROM runtime AS daytonad
LABEL org.opencontainers.image.title="daytonad" \
      org.opencontainers.image.description="The Daytona sandbox API over gRPC, as a sidecar"
COPY --from=build /src/build/release/bin/daytonad /src/build/release/bin/daytonactl /usr/local/bin/
RUN ! ldd /usr/local/bin/* | grep 'not found'
# The application reaches the daemon through the socket daytonad.sock in this folder: share it as a volume.
USER root
RUN install --directory --owner=65532 --group=65532 --mode=0750 /run/daytonad
USER 65532:65532
VOLUME /run/daytonad
HEALTHCHECK --interval=5s --timeout=2s --start-period=5s CMD ["/usr/local/bin/daytonactl", "health"]
ENTRYPOINT ["/usr/local/bin/daytonad"]
