# The Python example as an application would be packaged: its own code, stubs generated from the contract, no SDK, no key.
# The context is the root of the repository.
FROM debian:bookworm-slim
RUN apt-get update \
 && DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-install-recommends python3 python3-venv \
 && rm -rf /var/lib/apt/lists/*
WORKDIR /app
COPY client/python/requirements.txt client/python/generate.sh client/python/
RUN python3 -m venv venv && venv/bin/pip install --no-cache-dir --requirement client/python/requirements.txt
COPY proto proto
RUN client/python/generate.sh stubs venv/bin/python
COPY client/python/example.py .
# The daemon's user, whose socket it shares.
USER 65532:65532
ENV PYTHONPATH=/app/stubs
ENTRYPOINT ["venv/bin/python", "example.py"]
