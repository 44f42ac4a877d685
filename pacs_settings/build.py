"""Build the pages once per language; nothing to do while their sources are unchanged."""

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

from pacs_settings.config import LANGUAGES, config

ROOT = Path(__file__).parents[1]
# What a build is made of; the address it will be served at is not part of it, see static_pages.
SOURCES = ("pacs_settings", "assets", "reflex.lock/bun.lock", "rxconfig.py", "requirements.txt")
WORK = ".build/web"
PLACEHOLDER = "http://pacs-settings-origin.localhost:59999"


def stamp() -> str:
    """A fingerprint of everything that a build is made of."""
    digest = hashlib.sha256()
    for source in SOURCES:
        path = ROOT / source
        files = [path] if path.is_file() else sorted(path.rglob("*"))
        for file in files:
            if file.is_file() and "__pycache__" not in file.parts and "external" not in file.parts:
                digest.update(str(file.relative_to(ROOT)).encode() + file.read_bytes())
    return digest.hexdigest()


def ensure() -> None:
    """Build what is missing, one process at a time; raises CalledProcessError when it fails."""
    target = ROOT / config().build_dir
    target.mkdir(parents=True, exist_ok=True)
    with (target / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        wanted = stamp()
        mark = target / "stamp"
        if mark.exists() and mark.read_text() == wanted:
            return
        mark.unlink(missing_ok=True)
        for language in LANGUAGES:
            _build(language, target / language)
        mark.write_text(wanted)


def _build(language: str, target: Path) -> None:
    environment = {
        **{k: v for k, v in os.environ.items() if not k.startswith(("__REFLEX", "PACS_"))},
        "PACS_LANG": language,
        "PACS_DEMO": "0",
        "PACS_SECRET_KEY": "a build needs no secret of anybody",
        "REFLEX_API_URL": PLACEHOLDER,
        "REFLEX_WEB_WORKDIR": WORK,
        "REFLEX_ENV_MODE": "prod",
    }
    command = [sys.executable, "-m", "reflex", "export", "--frontend-only", "--no-zip"]
    print(f"building the pages in {language} …", flush=True)
    subprocess.run(command, cwd=ROOT, env=environment, check=True)
    shutil.rmtree(target, ignore_errors=True)
    shutil.copytree(ROOT / WORK / "build" / "client", target)


if __name__ == "__main__":
    ensure()
