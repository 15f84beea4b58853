#!/usr/bin/env bash
# Compares the runtime with transformers on random checkpoints of other geometries than the fixtures'. Called by
# ./test --reference [GEOMETRY…]. Installs PyTorch, with python3-venv, under $JANUS_LITE_REFERENCE_DIR (default:
# .build/reference); needs 3 GB of disk there for deepseek-small, the default, or 5 GB for 1B, which takes hours and
# 17 GB more in the temporary folder. Where PyTorch computes: $JANUS_LITE_REFERENCE_DEVICE (cpu).
set -euo pipefail
cd "$(dirname "$0")/../.."
work="${JANUS_LITE_REFERENCE_DIR:-$PWD/.build/reference}"
mkdir -p "$work"

python="${JANUS_LITE_PYTHON:-}"
if [[ -z "$python" ]]; then
  # pip comes last: without python3-venv Debian makes the folder, but not that.
  [[ -x "$work/venv/bin/pip" ]] || python3 -m venv "$work/venv"
  "$work/venv/bin/pip" install --quiet -r Tools/reference/requirements.txt
  python="$work/venv/bin/python"
fi

checkpoints=()
for geometry in "${@:-deepseek-small}"; do
  checkpoint="$work/$geometry"
  if [[ ! -f "$checkpoint/expected.json" ]]; then
    echo "== Making $geometry with the published vision tower and VQ model =="
    "$python" Tools/reference/make_checkpoint.py --geometry "$geometry" --naming deepseek \
      --container bin -o "$checkpoint"
    "$python" Tools/reference/expected.py "$checkpoint" -o "$checkpoint/expected.json" \
      --device "${JANUS_LITE_REFERENCE_DEVICE:-cpu}"
  fi
  checkpoints+=("$checkpoint")
done

echo "== Comparing with transformers =="
JANUS_LITE_REFERENCE="$(IFS=:; echo "${checkpoints[*]}")" \
  swift test -c release -Xswiftc -enable-testing --filter Reference

echo "== A second reader opens the file, a second tokenizer gives the same ids =="
swift build -c release --product janus-lite
janus="$(swift build -c release --show-bin-path)/janus-lite"
# A command line in one word, for a program that splits it as a shell would.
command_line() { printf '%q ' "$@"; }
"$janus" convert Tests/Fixtures/tiny -o "$work/tiny.gguf"
"$python" Tools/reference/check_gguf.py "$work/tiny.gguf"
"$python" Tools/reference/check_tokenizer.py --tokenizer Tests/Fixtures/tiny/tokenizer.json \
  --command "$(command_line "$janus" tokenize --lines -m "$work/tiny.gguf")"

echo "== Pillow reads the pictures and the text in them =="
"$python" Tools/reference/check_pictures.py \
  --command "$(command_line "$janus" generate -m "$work/tiny.gguf")"
