"""A running `janus-lite serve` for the scripts beside this file."""

import contextlib
import os
import signal
import subprocess
import sys
import time
import urllib.request


@contextlib.contextmanager
def serving(command, model, *options, log=subprocess.DEVNULL):
    """Starts the server at a free port, gives its address, and sees that it ends cleanly."""
    process = subprocess.Popen(
        [command, "serve", "-m", model, "--port", "0", *options],
        stdout=subprocess.PIPE, stderr=log, text=True)
    address = process.stdout.readline().strip().rstrip("/")
    try:
        deadline = time.monotonic() + 60
        while True:
            with contextlib.suppress(OSError):
                if urllib.request.urlopen(address + "/health", timeout=5).status == 200:
                    break
            if time.monotonic() > deadline or process.poll() is not None:
                sys.exit("the server did not start")
            time.sleep(0.05)
        yield address, process
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
        code = process.wait(timeout=60)
    if code != 0:
        sys.exit(f"the server ended with {code}")


def resident(process):
    """Bytes that a process has in memory and nothing could drop (Linux); 0 elsewhere."""
    path = f"/proc/{process.pid}/status"
    if not os.path.exists(path):
        return 0
    with open(path) as file:
        for line in file:
            if line.startswith("RssAnon:"):
                return int(line.split()[1]) * 1024
    return 0


def open_files(process):
    """Files, sockets and pipes that a process has open (Linux); 0 elsewhere."""
    path = f"/proc/{process.pid}/fd"
    return len(os.listdir(path)) if os.path.exists(path) else 0
