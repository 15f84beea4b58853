"""What once went wrong in the page: faults.py COMMAND MODEL.gguf PICTURE.png [--page FOLDER] [--only NAME]

A proxy makes answers slow, wrong or broken, so that nothing here waits for a model; and several browsers share the
checks, which mostly wait. With --page the page's files come from that folder instead of from the command.
"""

import argparse
import concurrent.futures
import time

import page_faults
import read_faults
from mocked_page import MockedPage
from proxy import Proxy
from server import serving


def run(checks, address, arguments):
    """Takes checks until there are none; the names of those that failed."""
    failed = []
    page = MockedPage(Proxy(address, arguments.page), arguments.picture)
    while checks:
        check = checks.pop()
        begin = time.monotonic()
        try:
            check(page)
            problems = page.problems()
            assert not problems, f"the console has {problems}"
        except Exception as error:  # Each is told, then all fail.
            failed.append(check.__name__)
            print(f"FAILED {check.__name__}: {type(error).__name__}: {error}", flush=True)
            page.driver.quit()
            page = MockedPage(Proxy(address, arguments.page), arguments.picture)
        else:
            print(f"{time.monotonic() - begin:5.1f} s {check.__name__.replace('_', ' ')}", flush=True)
    page.driver.quit()
    return failed


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("command")
    parser.add_argument("model")
    parser.add_argument("picture")
    parser.add_argument("--page", help="the folder that the page's files come from")
    parser.add_argument("--only", default="", help="a part of the name of the checks to run")
    parser.add_argument("--browsers", type=int, default=3)
    arguments = parser.parse_args()
    checks = [c for c in page_faults.CHECKS + read_faults.CHECKS if arguments.only in c.__name__]
    count = len(checks)
    assert checks, f"no check is named {arguments.only}"
    with serving(arguments.command, arguments.model, "--log-level", "error") as (address, _):
        with concurrent.futures.ThreadPoolExecutor() as pool:
            runs = [pool.submit(run, checks, address, arguments) for _ in range(min(arguments.browsers, count))]
            failed = [name for each in runs for name in each.result()]
    if failed:
        raise SystemExit(f"{len(failed)} of {count} faults: {', '.join(failed)}")
    print(f"page: {count} things that went wrong once do not")


if __name__ == "__main__":
    main()
