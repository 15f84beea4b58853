"""Times a whole process: `first_token.py COMMAND…` runs it once for each line of standard input."""

import subprocess
import sys

from protocol import seconds, serve


def main() -> None:
    command = sys.argv[1:]
    run = lambda: subprocess.run(command, check=True, stdin=subprocess.DEVNULL, stdout=sys.stderr)
    serve({"first-token": lambda: seconds(run)})


if __name__ == "__main__":
    main()
