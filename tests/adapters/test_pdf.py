"""The PDF of a report: what it says, where, and what it does not."""

import io
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from pyhanko.pdf_utils.reader import PdfFileReader

from pacs_settings.adapters import pdf
from pacs_settings.config import MAIL_LANGUAGES
from pacs_settings.core import signature_kinds
from pacs_settings.core.reports.document import ReportDocument
from pacs_settings.core.signature_kinds import typed_name
from pacs_settings.locale import text
from tests.adapters import documents
from tests.conftest import require

PARAGRAPH = "No focal lesion of ≥ 3 mm → seen again in 6 months. " * 6


def words(made: bytes, *options: str) -> str:
    """What a public tool reads of it."""
    require("" if shutil.which("pdftotext") else "not installed: poppler-utils")
    ran = subprocess.run(["pdftotext", *options, "-", "-"], input=made, capture_output=True)
    assert ran.returncode == 0, ran.stderr
    return ran.stdout.decode()


def pages(made: bytes) -> list[str]:
    return words(made, "-layout").split("\f")[:-1]


def read(made: bytes) -> Any:
    return PdfFileReader(io.BytesIO(made))


def drawing_of(made: bytes, page: int = 0) -> str:
    """The operators of a page."""
    return str(read(made).root["/Pages"]["/Kids"][page]["/Contents"].data.decode("latin-1"))


def test_it_says_what_the_report_says() -> None:
    [page] = pages(pdf.render(documents.report()))
    for told in ("Radiology report", "CT thorax", "J.D.", "1 March 2026", "ACC-42", documents.UID):
        assert told in page
    for told in ("No nodules.", "Normal.", "Dr. An Peeters", "1-23456-78-520", "1, final"):
        assert told in page
    assert "2 March 2026" in page
    assert "15:05" in page  # in the signer's zone
    assert re.search("1 ?/ ?1", page)


def test_an_addendum_has_its_own_signature() -> None:
    said = words(pdf.render(documents.corrected()))
    assert said.index("Dr. An Peeters") < said.index("Addendum 1") < said.index("Dr. Léa Dubois")
    assert "2, with addendum" in said


@pytest.mark.parametrize("language", MAIL_LANGUAGES)
def test_it_speaks_the_language_of_the_region(language: str) -> None:
    made = pdf.render(documents.report(language=language))
    said = words(made)
    assert text(language, "pdf.title") in said
    assert text(language, "pdf.conclusion") in said
    assert read(made).root["/Lang"] == language


def test_letters_of_europe_and_signs_of_measurement() -> None:
    told = "Ångström Łukasz Çelik Šimůnek Ødegård ĳ ß œ Ωμ Жук ≥3 mm ≤ ± ² µm → ½ € „x“ ’"
    assert told in words(pdf.render(documents.report(told)))


def test_what_no_face_has_is_shown_as_such(caplog: pytest.LogCaptureFixture) -> None:
    said = words(pdf.render(documents.report("日本 \x00\x1b😀 e\u0301")))
    assert "\ufffd\ufffd \ufffd é" in said
    assert caplog.text == ""


def long_reports() -> list[ReportDocument]:
    return [
        documents.report("\n\n".join([PARAGRAPH] * full + ["One line."] * more))
        for full in (4, 9, 14)
        for more in range(6)
    ]


def test_long_text_flows_over_numbered_pages() -> None:
    made = pages(pdf.render(documents.report("\n\n".join([PARAGRAPH] * 40))))
    assert len(made) > 3
    for number, page in enumerate(made, 1):
        assert re.search(rf"{number} ?/ ?{len(made)}", page)
    assert sum(page.count("No focal") for page in made) == 40 * 6


def body(page: str) -> list[str]:
    return [line.strip() for line in page.splitlines() if line.strip()][:-1]  # without the foot


@pytest.mark.parametrize("report", long_reports())
def test_no_heading_and_no_signature_stands_alone(report: ReportDocument) -> None:
    for page in pages(pdf.render(report)):
        lines = body(page)
        assert lines[-1] not in ("Findings", "Conclusion")
        assert not lines[0].startswith(("Dr. An", "Physician number", "Validated"))


def test_one_word_without_end() -> None:
    assert words(pdf.render(documents.report("x" * 5000))).count("x") >= 5000


@pytest.mark.parametrize("made", ["same", "other process"])
def test_the_same_report_is_the_same_bytes(made: str) -> None:
    first = pdf.render(documents.corrected())
    if made == "same":
        assert pdf.render(documents.corrected()) == first
        return
    code = (
        "import sys; from tests.adapters import documents; from pacs_settings.adapters import pdf;"
    )
    code += "sys.stdout.buffer.write(pdf.render(documents.corrected()))"
    folder = Path(__file__).parents[2]
    again = subprocess.run([sys.executable, "-c", code], cwd=folder, capture_output=True)
    assert again.stdout == first


def test_the_signature_is_vector_of_the_pads_own_geometry() -> None:
    made = pdf.render(documents.report())
    operators = drawing_of(made)
    image = signature_kinds.image(documents.drawn())
    for path in image.paths:
        assert f"\n{path.width:g} w\n" in operators
    curves = sum(command.name == "Q" for path in image.paths for command in path.commands)
    assert len(re.findall(r" c$", operators, re.M)) == curves
    assert b"/Subtype /Image" not in made


def test_a_typed_name_is_filled_outlines() -> None:
    mark = typed_name.parse("An Peeters")
    operators = drawing_of(pdf.render(documents.report(signer=documents.signer(mark))))
    assert re.search(r"^h\nf?$|^f$", operators, re.M)
    assert len(re.findall(r" c$", operators, re.M)) > 50


def test_without_a_mark_it_says_so() -> None:
    assert "without a signature" in words(pdf.render(documents.report(signer=documents.signer())))


def test_metadata_tells_nothing_of_the_patient() -> None:
    info = read(pdf.render(documents.report())).trailer["/Info"]
    told = {str(key): str(info[key]) for key in info}
    assert set(told) == {"/Title", "/Producer", "/CreationDate"}
    assert told["/Title"] == "Radiology report – Clinic"
    assert told["/CreationDate"].startswith("D:20260302140500")


def resolved(one: Any) -> Any:
    return one.get_object()


def test_it_is_tagged_for_readers_aloud() -> None:
    require("" if shutil.which("pdfinfo") else "not installed: poppler-utils")
    made = pdf.render(documents.report())
    told = subprocess.run(
        ["pdfinfo", "-struct-text", "-"], input=made, capture_output=True
    ).stdout.decode()
    assert "H1 (block)" in told
    assert re.search(r'H2 \(block\)\s+"Findings ?"', told)
    assert "Figure" in told
    elements = read(made).root["/StructTreeRoot"]["/K"][0]["/K"]
    [alt] = [str(one["/Alt"]) for one in map(resolved, elements) if "/Alt" in one]
    assert alt == "Signature of Dr. An Peeters"
    assert read(made).root["/MarkInfo"]["/Marked"]


def test_faces_are_embedded() -> None:
    require("" if shutil.which("pdffonts") else "not installed: poppler-utils")
    told = subprocess.run(
        ["pdffonts", "-"], input=pdf.render(documents.report()), capture_output=True
    ).stdout.decode()
    lines = told.splitlines()[2:]
    assert lines
    assert all(line.split()[-5:-2] == ["yes", "yes", "yes"] for line in lines)
