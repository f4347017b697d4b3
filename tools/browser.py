"""Find the browser of the site's tests, or fetch Playwright's own.

A Chromium or Chrome of the system is used where there is one, its headless shell
first, which draws no window and is the fastest. Otherwise
Playwright downloads its Chromium for this user; what only root can install is
named in one line.
"""

import shutil
import subprocess
import sys

NAMES = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def system_browser() -> str | None:
    """The path of a Chromium or Chrome on the PATH, or None."""
    return next((path for name in NAMES if (path := shutil.which(name))), None)


def main() -> int:
    if path := system_browser():
        print(f"browser: {path}")
        return 0
    print("no Chromium or Chrome on the PATH: fetching Playwright's own")
    install = [sys.executable, "-m", "playwright", "install", "chromium"]
    if subprocess.run(install, check=False).returncode == 0:
        return 0
    print("The browser tests need Chromium. As root: apt-get install -y chromium-headless-shell", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
