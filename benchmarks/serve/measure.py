"""Tokens a second of servers under load: measure.py janus=URL [llama=URL] [--clients 1 4 8] [--rounds 3] [--painting]

Each client asks for 128 tokens after a prompt of 64, again and again for some seconds. Servers take turns, so that a
machine that slows down slows all of them. Random weights answer as long as they are asked to.
"""

import argparse
import json
import statistics
import threading
import time
import urllib.request


# Letters of a prompt, for each server, so that its tokens are as many as asked; and whether its system words are empty:
# what a server puts before by itself would count, and come from its cache.
lengths, silenced = {}, {}


def ask(address, number, tokens):
    """One request: its tokens, the seconds to the first text, and the tokens of its prompt.

    Of random weights many tokens have no text, so that only a request for one token tells how long the first takes.
    """
    # Different beginnings, so that nothing is taken from a cache.
    words = f"{number:05} " + " ".join(f"word{(number * 7 + i) % 97:02}" for i in range(80))
    prompt = words[:lengths.get(address, 100)]
    body = {
        "messages": [{"role": "system", "content": ""}] * silenced.get(address, False)
        + [{"role": "user", "content": prompt}],
        "max_tokens": tokens, "temperature": 1,
        "seed": number, "stream": True, "stream_options": {"include_usage": True}, "ignore_eos": True,
        "cache_prompt": False,
    }
    request = urllib.request.Request(
        address + "/v1/chat/completions", json.dumps(body).encode(), {"content-type": "application/json"})
    begin, first, count, taken = time.monotonic(), None, 0, 0
    with urllib.request.urlopen(request, timeout=600) as reply:
        for line in reply:
            if not line.startswith(b"data: {"):
                continue
            event = json.loads(line[6:])
            if event.get("usage"):
                count, taken = event["usage"]["completion_tokens"], event["usage"]["prompt_tokens"]
            if first is None and event["choices"] and event["choices"][0]["delta"].get("content"):
                first = time.monotonic() - begin
    return count, time.monotonic() - begin if first is None else first, taken


def settle(address, wanted):
    """Chooses the length of prompts: the longest that takes at most so many tokens."""
    lengths[address] = low = 6
    high = 560
    shortest = {}
    for silenced[address] in (False, True):
        shortest[silenced[address]] = ask(address, 10_000, 1)[2]
    silenced[address] = shortest[True] < shortest[False]
    while low < high:
        lengths[address] = (low + high + 1) // 2
        if ask(address, 10_000, 1)[2] <= wanted:
            low = lengths[address]
        else:
            high = lengths[address] - 1
    lengths[address] = low
    return ask(address, 10_000, 8)[2]


def measure(address, clients, seconds, tokens):
    """Total tokens a second of all clients."""
    counts, lock = [], threading.Lock()
    end = time.monotonic() + seconds

    def client(index):
        number = index
        while time.monotonic() < end:
            count, _, _ = ask(address, number, tokens)
            number += clients
            with lock:
                counts.append(count)

    begin = time.monotonic()
    threads = [threading.Thread(target=client, args=(index,)) for index in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(counts) / (time.monotonic() - begin)


def wait_while_painting(address, rounds):
    """Seconds to the first token of a short request, alone and while a picture is painted."""
    alone = [ask(address, 20_000 + round, 1)[1] for round in range(rounds)]
    body = json.dumps({"prompt": "a red circle", "n": 1, "seed": 1}).encode()
    request = urllib.request.Request(
        address + "/v1/images/generations", body, {"content-type": "application/json"})
    painting = threading.Thread(target=lambda: urllib.request.urlopen(request, timeout=600).read())
    painting.start()
    time.sleep(0.5)
    beside = []
    while painting.is_alive() and len(beside) < rounds:
        beside.append(ask(address, 30_000 + len(beside), 1)[1])
    painting.join()
    return statistics.median(alone), statistics.median(beside) if beside else float("nan")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("servers", nargs="+")
    parser.add_argument("--clients", type=int, nargs="+", default=[1, 4, 8])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=15)
    parser.add_argument("--tokens", type=int, default=128)
    parser.add_argument("--prompt", type=int, default=64, help="tokens of a prompt")
    parser.add_argument("--painting", action="store_true", help="also the wait while the first server paints")
    arguments = parser.parse_args()
    servers = dict(server.split("=", 1) for server in arguments.servers)
    for name, address in servers.items():
        print(f"{name}: prompts of {settle(address, arguments.prompt)} tokens")
    print(f"{'server':10} {'clients':>7} {'tokens/s':>9}   all rounds")
    for clients in arguments.clients:
        rates = {name: [] for name in servers}
        for _ in range(arguments.rounds):
            for name, address in servers.items():
                rates[name].append(measure(address, clients, arguments.seconds, arguments.tokens))
        for name in servers:
            print(f"{name:10} {clients:7} {statistics.median(rates[name]):9.1f}   {[round(r, 1) for r in rates[name]]}")
    if arguments.painting:
        name, address = next(iter(servers.items()))
        alone, beside = wait_while_painting(address, 5)
        print(f"{name}: first token of a short request {alone:.2f} s alone, {beside:.2f} s while a picture is painted")


if __name__ == "__main__":
    main()
