"""`make verify-pdf FILE=…`: one sentence on the seal of a PDF, and 1 where it does not hold."""

import sys
from pathlib import Path

from pacs_settings.adapters import pdf_check, pdf_seal
from pacs_settings.adapters.pdf_check import Finding, Seal

LARGEST = 200 * 1024 * 1024  # bytes of a file
SENTENCES = {
    Seal.INTACT: "Sealed by {by}{when}; not changed since.",
    Seal.CHANGED: "CHANGED: this file is not what was sealed{by_whom}{when}.",
    Seal.ADDED: "CHANGED: something was added to this file after it was sealed by {by}{when}.",
    Seal.STRANGER: "NOT OURS: sealed by {by}{when}, with a certificate that is not known here.",
    Seal.NONE: "NOT SEALED: this file has no seal.",
    Seal.UNREADABLE: "CHANGED: this file cannot be read as a PDF.",
}


def sentence(found: Finding) -> str:
    """What is found, in words."""
    when = f" on {found.at:%Y-%m-%d at %H:%M:%S %z}" if found.at else ""
    when += " (timestamped)" if found.timestamped else ""
    by_whom = f" by {found.by}" if found.by else ""
    return SENTENCES[found.seal].format(by=found.by, by_whom=by_whom, when=when)


def main(arguments: list[str]) -> int:
    """Check one file."""
    if len(arguments) != 1 or not arguments[0]:
        print("Name a file: make verify-pdf FILE=report.pdf", file=sys.stderr)
        return 2
    try:
        with Path(arguments[0]).open("rb") as file:
            pdf = file.read(LARGEST + 1)
        ours = pdf_seal.certificates()
    except (OSError, ValueError) as failure:
        print(str(failure), file=sys.stderr)
        return 2
    if len(pdf) > LARGEST:
        print("This file is too large to be a report.", file=sys.stderr)
        return 2
    found = pdf_check.check(pdf, ours)
    print(sentence(found))
    return 0 if found.seal == Seal.INTACT else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
