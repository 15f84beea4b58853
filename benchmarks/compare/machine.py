"""How busy the machine is with what is not ours, from /proc."""

import os
import time

TICKS = os.sysconf("SC_CLK_TCK")
DISTURBED = 0.05  # share of the machine that others may take while something is measured
# A feature as Linux names it, and the kernels that it brings.
KERNELS = (("avx512_vnni", "avx512"), ("avx_vnni", "avxvnni"), ("avx2", "avx2"), ("asimddp", "neon"))


def busy_seconds() -> float:
    """CPU seconds that all processes, interrupts and other guests of the host have taken so far."""
    with open("/proc/stat") as file:
        user, nice, system, _idle, _wait, interrupts, soft, steal = map(int, file.readline().split()[1:9])
    return (user + nice + system + interrupts + soft + steal) / TICKS


def own_seconds(process_ids: list[int]) -> float:
    """CPU seconds that these processes and their ended children have taken so far."""
    total = 0
    for process_id in process_ids:
        with open(f"/proc/{process_id}/stat") as file:
            fields = file.read().rpartition(")")[2].split()
        total += sum(map(int, fields[11:15]))
    return total / TICKS


class Watch:
    """Measures, from its creation on, the share of all CPU time that went to others."""

    def __init__(self, process_ids: list[int]):
        self.process_ids = [os.getpid(), *process_ids]
        self.start = self._now()

    def foreign_share(self) -> float:
        wall, busy, own = (now - then for now, then in zip(self._now(), self.start))
        return max(0.0, busy - own) / (wall * os.cpu_count())

    def _now(self) -> tuple[float, float, float]:
        return time.monotonic(), busy_seconds(), own_seconds(self.process_ids)


def wait_until_idle(patience: float) -> None:
    """Returns when others leave the machine alone; raises after `patience` seconds."""
    deadline = time.monotonic() + patience
    while True:
        watch = Watch([])
        time.sleep(2)
        share = watch.foreign_share()
        if share < DISTURBED:
            return
        if time.monotonic() > deadline:
            raise SystemExit(f"expected an idle machine, found others using {share:.0%} of it for {patience:.0f} s")


def name() -> str:
    """The processor's model, its best kernels and how many cores this process may use, as a folder's name.

    Under a hypervisor processors of several generations may have one model's name.
    """
    model, features = "", set()
    part = []
    with open("/proc/cpuinfo") as file:
        for line in file:
            key, _, value = line.partition(":")
            if key.strip() == "model name":
                model = value
            elif key.strip() in ("CPU implementer", "CPU part") and len(part) < 2:
                part.append(value.strip())
            elif key.strip() in ("flags", "Features"):
                features = set(value.split())
    kernels = next((kernels for feature, kernels in KERNELS if feature in features), "portable")
    # arm64 states its maker and part by number.
    model = model or " ".join(part) or "unknown"
    words = "".join(c if c.isalnum() else " " for c in model.lower()).split()
    return "-".join([*words, kernels, str(len(os.sched_getaffinity(0))), "cores"])
