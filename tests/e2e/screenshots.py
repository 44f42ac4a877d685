"""The pictures in docs/screenshots, taken from the running product: `make screenshot`."""

import base64
import struct
import tempfile
import zlib
from pathlib import Path

from playwright.sync_api import Browser, Page, expect

from pacs_settings import build
from tests.chromium import chromium
from tests.conftest import ROOT, Server, free_port
from tests.e2e.steps import draw, ready, show, sign_in

FOLDER = ROOT / "docs" / "screenshots"
SIZE = {"width": 1280, "height": 900}
COLOURS = 256
NAME = [
    [(0.12, 0.68), (0.2, 0.28), (0.25, 0.24), (0.28, 0.45), (0.31, 0.68)],
    [(0.16, 0.52), (0.24, 0.48), (0.31, 0.5)],
    [(0.36, 0.66), (0.37, 0.48), (0.4, 0.46), (0.43, 0.52), (0.44, 0.66)],
    [(0.52, 0.7), (0.54, 0.3), (0.6, 0.24), (0.64, 0.34), (0.6, 0.48), (0.54, 0.5)],
    [(0.66, 0.58), (0.72, 0.52), (0.69, 0.47), (0.66, 0.56), (0.7, 0.66), (0.77, 0.6)],
    [(0.77, 0.6), (0.82, 0.53), (0.79, 0.48), (0.77, 0.58), (0.81, 0.66), (0.9, 0.58)],
]
# A page of few colours needs a palette only: the most frequent ones, the others by the nearest.
PALETTE = """async ([picture, most]) => {
  const bytes = Uint8Array.from(atob(picture), (letter) => letter.charCodeAt(0));
  const image = await createImageBitmap(new Blob([bytes], { type: "image/png" }));
  const canvas = new OffscreenCanvas(image.width, image.height);
  const context = canvas.getContext("2d");
  context.drawImage(image, 0, 0);
  const { data } = context.getImageData(0, 0, image.width, image.height);
  const pixels = new Uint32Array(data.buffer);
  const counts = new Map();
  for (const pixel of pixels) counts.set(pixel, (counts.get(pixel) || 0) + 1);
  const ranked = [...counts.keys()].sort((one, other) => counts.get(other) - counts.get(one));
  const palette = ranked.slice(0, most);
  const parts = (pixel) => [pixel & 255, (pixel >> 8) & 255, (pixel >> 16) & 255];
  const known = palette.map(parts);
  const nearest = (pixel) => {
    const [red, green, blue] = parts(pixel);
    let [best, least] = [0, Infinity];
    known.forEach(([r, g, b], place) => {
      const far = (r - red) ** 2 + (g - green) ** 2 + (b - blue) ** 2;
      if (far < least) [best, least] = [place, far];
    });
    return best;
  };
  const places = new Map(ranked.map((pixel) => [pixel, nearest(pixel)]));
  const indices = Uint8Array.from(pixels, (pixel) => places.get(pixel));
  let text = "";
  for (let at = 0; at < indices.length; at += 8192) {
    text += String.fromCharCode(...indices.subarray(at, at + 8192));
  }
  return [image.width, image.height, known.flat(), btoa(text)];
}"""


def main() -> None:
    """Start the product with demo data, take the pictures, end it."""
    build.ensure()
    FOLDER.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, chromium() as browser:
        server = Server(Path(folder), free_port(), {})
        server.start()
        try:
            _light(browser, server)
            _dark(browser, server)
        finally:
            server.stop()


def _open(browser: Browser, server: Server, scheme: str) -> Page:
    context = browser.new_context(
        base_url=server.url,
        viewport=SIZE,  # type: ignore[arg-type]
        color_scheme=scheme,  # type: ignore[arg-type]
        reduced_motion="reduce",
        locale="en-GB",
        timezone_id="Europe/Brussels",
    )
    return context.new_page()


def _light(browser: Browser, server: Server) -> None:
    page = _open(browser, server, "light")
    page.goto("/login")
    ready(page)
    _take(page, "login")
    sign_in(page)
    _take(page, "personal")
    show(page, "mappings")
    _take(page, "mappings")
    show(page, "signature")
    draw(page, *NAME)
    page.get_by_role("button", name="Save signature").click()
    expect(page.get_by_role("img", name="Saved signature")).to_be_visible()
    expect(page.get_by_role("button", name="Save signature")).to_be_disabled()
    page.reload()
    ready(page)
    expect(page.get_by_label("Signature pad")).to_be_visible()
    _take(page, "signature")


def _dark(browser: Browser, server: Server) -> None:
    page = _open(browser, server, "dark")
    sign_in(page)
    show(page, "mappings")
    _take(page, "mappings-dark")


def _take(page: Page, name: str) -> None:
    picture = base64.b64encode(page.screenshot()).decode()
    width, height, palette, indices = page.evaluate(PALETTE, [picture, COLOURS])
    file = FOLDER / f"{name}.png"
    file.write_bytes(_png(width, height, bytes(palette), base64.b64decode(indices)))
    print(f"{file.relative_to(ROOT)} {file.stat().st_size // 1024} KB")


def _png(width: int, height: int, palette: bytes, indices: bytes) -> bytes:
    """A PNG file with a palette (PNG specification, 11.2)."""
    rows = b"".join(
        b"\0" + indices[start : start + width] for start in range(0, width * height, width)
    )
    header = struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0)
    chunks = (
        (b"IHDR", header),
        (b"PLTE", palette),
        (b"IDAT", zlib.compress(rows, 9)),
        (b"IEND", b""),
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(kind, data) for kind, data in chunks)


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


if __name__ == "__main__":
    main()
