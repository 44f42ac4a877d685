"""Lays a report out as PDF: A4, tagged, the signature as vector; the same report, same bytes."""

import io
import re
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC
from functools import lru_cache
from pathlib import Path
from zoneinfo import ZoneInfo

from fontTools.ttLib import TTFont
from fpdf import FPDF
from fpdf.enums import MethodReturnValue, WrapMode, XPos, YPos
from fpdf.prefs import ViewerPreferences

from pacs_settings.core import dates, signature_kinds, vector
from pacs_settings.core.reports.document import ReportDocument, Signer
from pacs_settings.core.signature_kinds import Content
from pacs_settings.core.signature_kinds.picture import Picture
from pacs_settings.locale import text

MARGIN, BOTTOM = 22.0, 25.0  # mm
WIDTH, HEIGHT = 210.0, 297.0  # mm, A4
LABEL = 48.0  # mm, of the names of facts
MARK = (60.0, 22.0)  # mm at most, of a signature
BLACK, GREY, LINE = 20, 95, 190
LEAST_LINES = 2  # of a paragraph at the foot of a page, and at the head of the next
_FONTS = Path(__file__).parents[1] / "fonts"
_FILES = {"": "NotoSans-Regular.ttf", "B": "NotoSans-Bold.ttf"}
_SYMBOLS = "DejaVuSans-Symbols.ttf"
_LINE_END = re.compile(r"\r\n|[\r\n\v\f\x85\u2028\u2029]")
_UNKNOWN = "\N{REPLACEMENT CHARACTER}"


@dataclass(frozen=True)
class Style:
    """How a text is set: points, lines in mm, shade."""

    size: float
    leading: float
    weight: str = ""
    shade: int = BLACK
    tag: str = "P"


TITLE = Style(18, 8.5, "B", tag="H1")
HEADING = Style(12, 6, "B", tag="H2")
BODY = Style(10.5, 5.4)
FACT = Style(9.5, 5)
NOTE = Style(8, 4, shade=GREY)


def render(document: ReportDocument) -> bytes:
    """The PDF of a report; laid out twice, since each page names their number."""
    pages = _laid_out(document, 0).page
    return bytes(_laid_out(document, pages).output())


def _laid_out(document: ReportDocument, pages: int) -> "_Sheet":
    sheet = _Sheet(document, pages)
    sheet.add_page()
    _head(sheet, document)
    sections = [section for section in document.sections if section.text.strip()]
    for section in sections:
        below = _signed_height(document.signer) if section is sections[-1] else 0.0
        sheet.passage(sheet.say(f"pdf.{section.heading}"), section.text, below)
    _signed(sheet, document.signer)
    for number, addendum in enumerate(document.addenda, 1):
        heading = sheet.say("pdf.addendum", number=number)
        sheet.passage(heading, addendum.text, _signed_height(addendum.signer), ruled=True)
        _signed(sheet, addendum.signer)
    return sheet


def _head(sheet: "_Sheet", document: ReportDocument) -> None:
    study = document.study
    sheet.lines(sheet.broken(study.institution or study.source, NOTE), NOTE)
    sheet.lines([sheet.say("pdf.title")], TITLE)
    if study.description:
        sheet.lines(sheet.broken(study.description, HEADING), HEADING)
    sheet.y += 2
    state = sheet.say(f"pdf.state.{document.state}", number=document.version)
    day = dates.day(study.studied_on, document.language) if study.studied_on else ""
    for name, value in (
        ("patient", study.patient_initials),
        ("date", day),
        ("accession", study.accession_number),
        ("study", study.study_instance_uid),
        ("source", study.source),
        ("version", state),
    ):
        if value:
            sheet.fact(sheet.say(f"pdf.fact.{name}"), value)
    sheet.rule()


def _signed(sheet: "_Sheet", signer: Signer) -> None:
    """The signature, kept on one page with whose it is."""
    size = _fitted(signer.mark)
    sheet.room(_signed_height(signer))
    sheet.y += 4
    if signer.mark:
        sheet.mark(signer.mark, size, sheet.say("pdf.mark", name=signer.name))
    moment = dates.moment(signer.at.astimezone(ZoneInfo(signer.time_zone)), sheet.language)
    sheet.lines(sheet.broken(signer.name, FACT), Style(FACT.size, FACT.leading, "B"))
    if signer.number:
        number = sheet.say("pdf.number", number=signer.number)
        sheet.lines(sheet.broken(number, FACT), FACT)
    sheet.lines(sheet.broken(sheet.say("pdf.validated", moment=moment), FACT), FACT)
    if not signer.mark:
        sheet.lines(sheet.broken(sheet.say("pdf.unsigned"), NOTE), NOTE)


def _signed_height(signer: Signer) -> float:
    """What `_signed` takes at most, in mm."""
    return _fitted(signer.mark)[1] + 5 * FACT.leading + 5


def _fitted(mark: Content | None) -> tuple[float, float]:
    """Its size in mm, no larger than there is room for, nor than it was drawn."""
    if mark is None:
        return 0.0, 0.0
    found = mark if isinstance(mark, Picture) else signature_kinds.image(mark)
    natural = 25.4 / (200 if isinstance(mark, Picture) else 96)  # mm a pixel
    scale = min(MARK[0] / found.width, MARK[1] / found.height, natural)
    return found.width * scale, found.height * scale


class _Sheet(FPDF):
    """Pages that text flows over, each piece tagged for whoever has it read aloud."""

    def __init__(self, document: ReportDocument, pages: int) -> None:
        super().__init__(format="A4")
        self.language, self._pages = document.language, pages
        self._foot = " · ".join(
            filter(None, (document.study.source, document.study.accession_number))
        )
        self.set_auto_page_break(False)
        self.set_margins(MARGIN, MARGIN)
        for weight, name in _FILES.items():
            self.add_font("Text", weight, _FONTS / name)
        self.add_font("Symbols", "", _FONTS / _SYMBOLS)
        self.set_fallback_fonts(["Symbols"], exact_match=False)
        self.set_lang(document.language)
        self.set_title(f"{self.say('pdf.title')} – {_known(document.study.source)}")
        self.set_producer("pacs_settings")
        self.set_creation_date(document.validated_at.astimezone(UTC))
        self.viewer_preferences = ViewerPreferences(display_doc_title=True)

    def say(self, key: str, **values: object) -> str:
        """A text in the document's language."""
        return text(self.language, key, **values)

    # Where there is room.

    @property
    def left_over(self) -> float:
        """Height that is left on this page, in mm."""
        return HEIGHT - BOTTOM - self.y

    def room(self, height: float) -> None:
        """Have this much room, on the next page where it is not on this one."""
        if self.left_over < height and self.y > MARGIN:
            self.add_page()

    def footer(self) -> None:
        """Source and accession number at the left, the page at the right; no text of the report."""
        with self._artifact():
            self._set(NOTE)
            y = HEIGHT - BOTTOM / 2 - 2
            shown = self.broken(self._foot, NOTE, self.epw - 30)[0] if self._foot else ""
            self.set_xy(MARGIN, y)
            self.cell(self.epw - 30, NOTE.leading, shown)
            self.cell(30, NOTE.leading, f"{self.page} / {self._pages}", align="R")

    # What stands on a page.

    def passage(self, heading: str, body: str, below: float, ruled: bool = False) -> None:
        """A heading and what is under it; the heading never stands alone at the foot.

        `below` is the height in mm of what may not be parted from its last lines.
        """
        paragraphs = [self.broken(line, BODY) for line in _LINE_END.split(body.strip())]
        first = min(sum(map(len, paragraphs)), LEAST_LINES + 1)
        alone = below if sum(map(len, paragraphs)) <= LEAST_LINES + 1 else 0.0
        self.room(10 + HEADING.leading + first * BODY.leading + alone)
        if ruled and self.y > MARGIN:
            self.rule()
        self.y += 4
        self.lines(self.broken(heading, HEADING), HEADING)
        for paragraph in paragraphs[:-1]:
            self.flow(paragraph)
        self.flow(paragraphs[-1], below)

    def flow(self, lines: list[str], below: float = 0.0) -> None:
        """A paragraph, of which no single line is left at a foot or a head where that is long."""
        if not any(lines):
            self.y += BODY.leading / 2
            return
        while lines:
            here = self._here(len(lines), below)
            if here:
                self.lines(lines[:here], BODY)
                lines = lines[here:]
            if lines:
                self.add_page()
        self.y += 1.2

    def _here(self, count: int, below: float) -> int:
        """How many of so many lines stand on this page."""
        if count * BODY.leading + below <= self.left_over:
            return count
        fit = max(min(int(self.left_over / BODY.leading + 1e-6), count - LEAST_LINES), 0)
        if self.y <= MARGIN:  # an empty page takes some, whatever is below
            return fit or count
        return fit if fit >= LEAST_LINES else 0

    def lines(self, lines: list[str], style: Style) -> None:
        """Lines that belong together, on this page."""
        self._set(style)
        with self._tagged(style.tag):
            for line in lines:  # a space at its end is for whoever has it read aloud or copied
                self.set_x(MARGIN)
                self.cell(0, style.leading, f"{line} ", new_x=XPos.LMARGIN, new_y=YPos.NEXT)

    def fact(self, name: str, value: str) -> None:
        """A name and its value beside it."""
        values = self.broken(value, FACT, self.epw - LABEL)
        self.room(len(values) * FACT.leading)
        with self._tagged("P"):
            self._set(Style(FACT.size, FACT.leading, shade=GREY))
            self.set_x(MARGIN)
            self.cell(LABEL, FACT.leading, f"{_known(name)} ")
            self._set(FACT)
            for line in values:
                self.set_x(MARGIN + LABEL)
                self.cell(0, FACT.leading, line, new_x=XPos.LMARGIN, new_y=YPos.NEXT)

    def rule(self) -> None:
        """A thin line between parts."""
        self.room(10)
        self.y += 3
        with self._artifact():
            self.set_draw_color(LINE)
            self.set_line_width(0.2)
            self.line(MARGIN, self.y, WIDTH - MARGIN, self.y)
        self.y += 2

    def mark(self, mark: Content, size: tuple[float, float], alt: str) -> None:
        """A signature, described by `alt`."""
        with self._tagged("Figure", _known(alt)):
            if isinstance(mark, Picture):
                self.image(io.BytesIO(mark.png), MARGIN, self.y, *size)
            else:
                self._out(_drawn(signature_kinds.image(mark), self._place(size, mark)))
        self.y += size[1] + 1

    def _place(self, size: tuple[float, float], mark: Content) -> str:
        """The matrix that puts a picture of pixels at the left margin, here."""
        image = signature_kinds.image(mark)  # type: ignore[arg-type]
        scale = size[0] / image.width
        x, y = MARGIN - image.left * scale, HEIGHT - self.y + image.top * scale
        matrix = (scale, 0, 0, -scale, x, y)
        return " ".join(f"{number * self.k:.5f}" for number in matrix)

    def broken(self, of: str, style: Style, width: float | None = None) -> list[str]:
        """A text as lines that fit; what no face has is shown as such."""
        self._set(style)
        lines = self.multi_cell(
            width or self.epw,
            style.leading,
            _known(of),
            dry_run=True,
            output=MethodReturnValue.LINES,
            wrapmode=WrapMode.WORD,
            align="L",
        )
        return [str(line) for line in lines] or [""]  # type: ignore[union-attr]

    def _set(self, style: Style) -> None:
        self.set_font("Text", style.weight, style.size)
        self.set_text_color(style.shade)
        self.c_margin = 0

    # Marked content (ISO 32000-1, 14.7, 14.8); the library does so for pictures only.

    @contextmanager
    def _tagged(self, tag: str, alt: str | None = None) -> Iterator[None]:
        mcid = self.struct_builder.next_mcid_for_page(self.page)
        self._add_marked_content(struct_type=f"/{tag}", mcid=mcid, alt_text=alt)
        self._out(f"/{tag} <</MCID {mcid}>> BDC")
        yield
        self._out("EMC")

    @contextmanager
    def _artifact(self) -> Iterator[None]:
        self._out("/Artifact BMC")
        yield
        self._out("EMC")


def _known(of: str) -> str:
    """One form of each letter, and a sign in place of what no face has."""
    composed = unicodedata.normalize("NFC", of).replace("\t", "    ")
    shown = (c if ord(c) in _characters() else _UNKNOWN for c in composed if c.isprintable())
    return "".join(shown)


@lru_cache(maxsize=1)
def _characters() -> frozenset[int]:
    found: set[int] = set()
    for name in (_FILES[""], _SYMBOLS):
        found |= TTFont(_FONTS / name).getBestCmap().keys()
    return frozenset(found)


def _drawn(image: vector.Image, matrix: str) -> str:
    """The paths of a picture as PDF operators (ISO 32000-1, 8.5), in the shade of the text."""
    shade = f"{BLACK / 255:.3f}"
    out = [f"q {matrix} cm 1 J 1 j {shade} g {shade} G"]
    for path in image.paths:
        if path.width is not None:
            out.append(f"{path.width:g} w")
        out += _operators(path.commands)
        out.append("f" if path.width is None else "S")
    return "\n".join([*out, "Q"])


def _operators(commands: tuple[vector.Command, ...]) -> Iterator[str]:
    x = y = 0.0
    for name, numbers in commands:
        if name == "Z":
            yield "h"
            continue
        if name == "h":
            name, numbers = "L", (x + numbers[0], y)
        if name == "Q":  # PDF has cubic curves only
            cx, cy, ex, ey = numbers
            numbers = (
                *(x + (cx - x) * 2 / 3, y + (cy - y) * 2 / 3),
                *(ex + (cx - ex) * 2 / 3, ey + (cy - ey) * 2 / 3),
                *(ex, ey),
            )
        x, y = numbers[-2:]
        operator = {"M": "m", "L": "l", "Q": "c", "C": "c"}[name]
        yield " ".join([*(f"{number:.2f}" for number in numbers), operator])
