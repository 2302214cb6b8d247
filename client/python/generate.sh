#!/usr/bin/env bash
# Generates the Python stubs from proto/:
#
#   client/python/generate.sh OUT_DIR [PYTHON]
#
# OUT_DIR then goes on PYTHONPATH. PYTHON (python3 if not given) has what requirements.txt lists.
set -euo pipefail

out=${1:?usage: generate.sh OUT_DIR [PYTHON]}
python=${2:-python3}
protos=$(cd "$(dirname "$0")/../../proto" && pwd)

mkdir -p "$out"
"$python" -m grpc_tools.protoc --proto_path="$protos" \
  --python_out="$out" --pyi_out="$out" --grpc_python_out="$out" \
  "$protos"/daytonad/v1/*.proto
