"""How fast `janus-lite pull` downloads beside curl: measure.py COMMAND CHECKPOINT [--runs 3] [--tls]

A hub on this machine (Tests/HubTesting/hub.py) serves the checkpoint. curl fetches its largest file from the store, and
`pull` fetches all of it, in turns, each to the disk. Both have the server's limits. `pull` is timed to the end of its
download, checksums included, and stopped when it begins to convert. Prints medians, the ratio and the peak memory of `pull`.
"""

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

REPOSITORY = "deepseek-ai/Janus-Pro-1B"
HUB = Path(__file__).resolve().parents[2] / "Tests/HubTesting/hub.py"
CERTIFICATES = """set -e
openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj "/CN=Test authority" -keyout ca.key -out ca.pem
openssl req -newkey rsa:2048 -nodes -subj "/CN=localhost" -keyout server.key -out server.csr
printf 'subjectAltName=DNS:localhost,IP:127.0.0.1' > names
openssl x509 -req -in server.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 -extfile names -out server.pem"""


def memory(process: int) -> int:
    """Peak resident bytes of a process, 0 where it has ended."""
    try:
        for line in Path(f"/proc/{process}/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    except OSError:
        pass
    return 0


def curl(address: str, work: Path, environment: dict) -> float:
    target = work / "by-curl"
    begin = time.monotonic()
    certificate = ["--cacert", environment["SSL_CERT_FILE"]] if "SSL_CERT_FILE" in environment else []
    subprocess.run(["curl", "-sSfL", *certificate, "-o", target, address], check=True)
    seconds = time.monotonic() - begin
    target.unlink()
    return seconds


def pull(command: str, work: Path, environment: dict) -> tuple[float, int]:
    cache = work / "cache"
    environment = environment | {"HF_HUB_CACHE": str(cache), "XDG_DATA_HOME": str(work / "data")}
    begin, peak = time.monotonic(), 0
    process = subprocess.Popen([command, "pull", "1b"], env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    # Whole when the snapshot names the largest file: it is linked after its checksum was found right.
    while process.poll() is None:
        peak = max(peak, memory(process.pid))
        if any(cache.glob("models--*/snapshots/*/model.safetensors")):
            break
        time.sleep(0.02)
    seconds = time.monotonic() - begin
    if process.poll() not in (None, 0):
        raise SystemExit(process.stderr.read().decode())
    process.terminate()
    process.wait()
    shutil.rmtree(cache)
    shutil.rmtree(work / "data", ignore_errors=True)
    return seconds, peak


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("command")
    parser.add_argument("checkpoint", type=Path, help="folder with model.safetensors")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--tls", action="store_true")
    parser.add_argument("--work", type=Path, help="folder on the disk to download to")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=arguments.work) as folder:
        work = Path(folder)
        (work / "root/deepseek-ai").mkdir(parents=True)
        (work / "root" / REPOSITORY).symlink_to(arguments.checkpoint.resolve())
        environment, tls = dict(os.environ), []
        if arguments.tls:
            subprocess.run(["sh", "-c", CERTIFICATES], cwd=work, check=True, capture_output=True)
            environment["SSL_CERT_FILE"] = str(work / "ca.pem")
            tls = ["--tls", str(work / "server.pem"), str(work / "server.key")]
        hub = subprocess.Popen([sys.executable, HUB, work / "root", *tls], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        addresses = json.loads(hub.stdout.readline())
        environment["HF_ENDPOINT"] = addresses["hub"]
        file = f"{addresses['store']}/store/{REPOSITORY}/model.safetensors"
        # Once, unmeasured: the hub computes the checksums that it states.
        pull(arguments.command, work, environment)
        by_curl, by_pull, peaks = [], [], []
        for _ in range(arguments.runs):
            by_curl.append(curl(file, work, environment))
            seconds, peak = pull(arguments.command, work, environment)
            by_pull.append(seconds)
            peaks.append(peak)
        hub.stdin.close()
        hub.terminate()
        hub.wait()
    size = (arguments.checkpoint / "model.safetensors").stat().st_size
    theirs, ours = statistics.median(by_curl), statistics.median(by_pull)
    print(f"{size / 1e9:.2f} GB over {'HTTPS' if arguments.tls else 'HTTP'}, median of {arguments.runs}")
    print(f"curl             {theirs:6.2f} s  {size / 1e6 / theirs:6.0f} MB/s")
    print(f"janus-lite pull  {ours:6.2f} s  {size / 1e6 / ours:6.0f} MB/s  {theirs / ours:.0%} of curl, peak memory {max(peaks) / 1e6:.0f} MB")


if __name__ == "__main__":
    main()
