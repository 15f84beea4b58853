"""Random requests by the server's own description: schema.py COMMAND MODEL.gguf

No 5xx, no status, header or body that /openapi.json does not describe.
"""

import subprocess
import sys
import tempfile
from pathlib import Path

from server import serving

CHECKS = ("not_a_server_error,status_code_conformance,content_type_conformance,"
          "response_headers_conformance,response_schema_conformance")


def requests(address, *options):
    # It leaves its notes where it runs.
    with tempfile.TemporaryDirectory() as folder:
        return subprocess.run(
            [str(Path(sys.executable).parent / "schemathesis"), "run", address + "/openapi.json",
             "--checks", CHECKS, "--request-timeout", "120", "--generation-deterministic", *options],
            cwd=folder).returncode


def main(command, model):
    options = ("--parallel", "8", "--queue", "100", "--max-tokens", "8", "--metrics", "--log-level", "error")
    with serving(command, model, *options) as (address, _):
        painting = "/v1/images/generations"
        code = requests(address, "--exclude-path", painting, "--max-examples", "40", "--workers", "4")
        # A painting takes longer.
        code = requests(address, "--include-path", painting, "--max-examples", "8") or code
    sys.exit(code)


if __name__ == "__main__":
    main(*sys.argv[1:])
