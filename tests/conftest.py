"""What all tests share: JavaScript run by node."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from lecture_lib.widgets import bundle

NODE = Path(sys.executable).with_name("node")


@pytest.fixture(scope="session")
def run_js():
    """Call an exported function of a front-end module: run_js(module, function, *arguments).

    The module is the bundled text that a notebook saves, so what is tested is what runs.
    """

    def call(module, function, *arguments):
        script = (
            "let text = ''; for await (const part of process.stdin) text += part;"
            "const { source, name, given } = JSON.parse(text);"
            "const module = await import('data:text/javascript,' + encodeURIComponent(source));"
            "process.stdout.write(JSON.stringify(module[name](...given)));"
        )
        request = json.dumps({"source": bundle(module), "name": function, "given": arguments})
        answer = subprocess.run(
            [NODE, "--input-type=module", "--eval", script],
            input=request, capture_output=True, text=True, check=False, timeout=60,
        )
        if answer.returncode:
            raise RuntimeError(f"{module}.{function}: {answer.stderr.strip()}")
        return json.loads(answer.stdout)

    return call
