"""Random requests by the server's own description: schema.py COMMAND MODEL.gguf

No 5xx, no status, header or body that /openapi.json does not describe.
"""

import subprocess
import sys
from pathlib import Path

from server import serving


def main(command, model):
    options = ("--parallel", "8", "--queue", "100", "--max-tokens", "8", "--metrics", "--log-level", "error")
    with serving(command, model, *options) as (address, _):
        code = subprocess.run([
            str(Path(sys.executable).parent / "schemathesis"), "run", address + "/openapi.json",
            "--checks", "not_a_server_error,status_code_conformance,content_type_conformance,"
            "response_headers_conformance,response_schema_conformance",
            "--exclude-path", "/v1/images/generations",
            "--max-examples", "40", "--request-timeout", "60", "--generation-deterministic", "--workers", "4",
        ]).returncode
        paintings = subprocess.run([
            str(Path(sys.executable).parent / "schemathesis"), "run", address + "/openapi.json",
            "--checks", "not_a_server_error,status_code_conformance,content_type_conformance,"
            "response_headers_conformance,response_schema_conformance",
            "--include-path", "/v1/images/generations",
            "--max-examples", "8", "--request-timeout", "120", "--generation-deterministic",
        ]).returncode
    sys.exit(code or paintings)


if __name__ == "__main__":
    main(*sys.argv[1:])
