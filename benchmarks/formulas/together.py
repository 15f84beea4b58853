"""How much faster `janus-lite ocr` reads several pictures at once: together.py COMMAND MODEL PICTURE… [--runs N]

Reads the pictures eight at once, one by one in one process, and one by one in processes of their own, in turn, N times. Prints the
median seconds of each and the ratios. Answers must be the same each time, or it ends with 1.
"""
import argparse, json, statistics, subprocess, sys, time

parser = argparse.ArgumentParser()
parser.add_argument("command")
parser.add_argument("model")
parser.add_argument("pictures", nargs="+")
parser.add_argument("--runs", type=int, default=3)
parser.add_argument("--options", default="", help="further options of ocr")
arguments = parser.parse_args()
# Short formulas: the same picture may be named several times.
pictures = (arguments.pictures * 8)[: max(8, len(arguments.pictures))]


def read(names, batch):
    command = [arguments.command, "ocr", *names, "-m", arguments.model, "--json", "--batch", str(batch), "--progress", "none"]
    done = subprocess.run(command + arguments.options.split(), check=True, capture_output=True, text=True)
    return [json.loads(line)["token_ids"] for line in done.stdout.splitlines()]


def together(): return read(pictures, 8)
def one_by_one(): return read(pictures, 1)
def alone(): return [read([name], 1)[0] for name in pictures]


ways = {"eight at once": together, "one by one, one process": one_by_one, "one by one, a process each": alone}
seconds = {name: [] for name in ways}
answers = None
for _ in range(arguments.runs):
    for name, way in ways.items():
        begin = time.monotonic()
        found = way()
        seconds[name].append(time.monotonic() - begin)
        answers = answers or found
        if found != answers: sys.exit(f"{name}: other answers")
tokens = sum(map(len, answers))
medians = {name: statistics.median(times) for name, times in seconds.items()}
print(f"{len(pictures)} pictures, {tokens} tokens of answers, median of {arguments.runs}")
for name, median in medians.items():
    print(f"{name:28} {median:8.2f} s   {median / medians['eight at once']:5.2f} × the time of eight at once")
