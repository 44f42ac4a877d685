// The pad that a signature is drawn on. signature_pad follows the pen and draws; this component
// keeps the strokes through resizing, colours them with the page, and hands them over on Save.
import { useEffect, useId, useRef, useState } from "react";
import Pad from "signature_pad";
import { DECLINED } from "$/public/external/pacs_settings/ui/components/scripted/post.jsx";

const MAX_RATIO = 3; // a finer backing store costs memory and shows nothing more
const MAX_POINTS = 4500; // below what the server takes; some 110 kB of text
const MAX_PAUSE = 2000; // ms; a telephone call between two strokes says nothing about the ink
const MAX_TIME = 600000; // ms
const PATIENCE = 10000; // ms; after that the buttons work again even without an answer

const clamp = (value, low, high) => Math.min(Math.max(value, low), high);
const tenth = (value) => Math.round(value * 10) / 10;

// From a point on the pad towards one beside it: the place where the edge is crossed.
function crossing(inner, outer, width, height) {
  const share = (from, to, limit) =>
    to < 0 ? from / (from - to) : to > limit ? (limit - from) / (to - from) : 1;
  const part = Math.min(share(inner.x, outer.x, width), share(inner.y, outer.y, height));
  const x = inner.x + (outer.x - inner.x) * part;
  return { ...outer, x, y: inner.y + (outer.y - inner.y) * part };
}

// Ink beside the pad was never seen, so a stroke that leaves ends at the edge and a new one
// begins where it comes back.
function visible(points, width, height) {
  const pieces = [];
  let piece = null;
  points.forEach((point, index) => {
    const inside = point.x >= 0 && point.x <= width && point.y >= 0 && point.y <= height;
    if (inside && !piece) {
      piece = index ? [crossing(point, points[index - 1], width, height)] : [];
      pieces.push(piece);
    }
    if (inside) {
      piece.push(point);
    } else if (piece) {
      piece.push(crossing(points[index - 1], point, width, height));
      piece = null;
    }
  });
  return pieces;
}

// Evenly fewer points, the first and last of each stroke stay.
function thinned(strokes) {
  const total = strokes.reduce((sum, points) => sum + points.length, 0);
  if (total <= MAX_POINTS) return strokes;
  const share = Math.max(MAX_POINTS - 2 * strokes.length, 1) / total;
  const kept = (index) => Math.floor(index * share) !== Math.floor((index - 1) * share);
  return strokes.map((points) =>
    points.filter((_, index) => kept(index) || index === points.length - 1),
  );
}

function drawingOf({ groups, width, height }) {
  const strokes = thinned(groups.flatMap(({ points }) => visible(points, width, height)));
  let time = 0;
  let before = null;
  const plain = ({ x, y, time: now, pressure }) => {
    time = clamp(time + clamp(now - (before ?? now), 0, MAX_PAUSE), 0, MAX_TIME);
    before = now;
    const hundredth = Math.round(clamp(pressure, 0, 1) * 100) / 100;
    return [tenth(x), tenth(y), Math.round(time), hundredth];
  };
  return { width, height, strokes: strokes.map((points) => points.map(plain)) };
}

function scaled(groups, across, down) {
  const moved = (point) => ({ ...point, x: point.x * across, y: point.y * down });
  return groups.map((group) => ({ ...group, points: group.points.map(moved) }));
}

// Calls back when the window moves to a screen of another density (or the page is zoomed).
function onDensity(callback) {
  let query;
  const listen = () => {
    query = window.matchMedia(`(resolution: ${window.devicePixelRatio}dppx)`);
    query.addEventListener("change", changed, { once: true });
  };
  const changed = () => {
    listen();
    callback();
  };
  listen();
  return () => query.removeEventListener("change", changed);
}

// Calls back when the ink may have another colour: by the system, or by the page's own switch.
function onColours(callback) {
  const queries = ["(prefers-color-scheme: dark)", "(forced-colors: active)"].map((query) =>
    window.matchMedia(query),
  );
  queries.forEach((query) => query.addEventListener("change", callback));
  const page = new MutationObserver(callback);
  page.observe(document.documentElement, { attributeFilter: ["class", "data-theme"] });
  return () => {
    queries.forEach((query) => query.removeEventListener("change", callback));
    page.disconnect();
  };
}

// The strokes as data, with the size of the pad that they belong to. They outlast the canvas's
// bitmap, which every resize wipes, and a second run of the effect that attaches the canvas.
class Ink {
  groups = [];
  width = 0;
  height = 0;
  drawing = false;
  pad = null;

  get ready() {
    return this.pad !== null && !this.drawing;
  }

  attach(canvas, onStroke) {
    this.canvas = canvas;
    this.onStroke = onStroke;
    this.drawing = false;
    this.pad = new Pad(canvas, { minDistance: 3 });
    this.pad.addEventListener("beginStroke", this.begin);
    this.pad.addEventListener("endStroke", this.end);
    const size = new ResizeObserver(this.fit);
    size.observe(canvas);
    const stops = [() => size.disconnect(), onDensity(this.fit), onColours(this.fit), this.detach];
    this.fit();
    return () => stops.forEach((stop) => stop());
  }

  detach = () => {
    this.pad.off();
    this.pad.removeEventListener("beginStroke", this.begin);
    this.pad.removeEventListener("endStroke", this.end);
    this.pad = null;
  };

  begin = () => {
    this.drawing = true;
    this.onStroke();
  };

  end = () => {
    this.drawing = false;
    this.groups = this.pad.toData();
    if (this.stale) this.fit();
  };

  fit = () => {
    const { clientWidth: width, clientHeight: height } = this.canvas;
    // Redrawing would make signature_pad forget which pointer draws: wait for its end.
    this.stale = this.drawing;
    if (this.stale || !width || !height) return;
    const ratio = Math.min(window.devicePixelRatio || 1, MAX_RATIO);
    this.canvas.width = Math.round(width * ratio);
    this.canvas.height = Math.round(height * ratio);
    this.canvas.getContext("2d").setTransform(ratio, 0, 0, ratio, 0, 0);
    this.pad.penColor = window.getComputedStyle(this.canvas).color;
    const [across, down] = [width / (this.width || width), height / (this.height || height)];
    const groups = scaled(this.groups, across, down);
    Object.assign(this, { width, height });
    this.show(groups);
  };

  show(groups) {
    this.groups = groups;
    this.pad.fromData(groups.map((group) => ({ ...group, penColor: this.pad.penColor })));
  }
}

function useInk(canvas, onStroke) {
  const [ink] = useState(() => new Ink());
  const latest = useRef(onStroke);
  useEffect(() => {
    latest.current = onStroke;
  });
  useEffect(() => ink.attach(canvas.current, () => latest.current()), [ink, canvas]);
  return ink;
}

// True from the moment of asking until `ack` changes; `onAnswer` runs then.
function useAnswer(ack, onAnswer) {
  const [waiting, setWaiting] = useState(false);
  const seen = useRef(ack);
  useEffect(() => {
    if (seen.current === ack) return;
    seen.current = ack;
    setWaiting(false);
    onAnswer();
  });
  useEffect(() => {
    const free = () => setWaiting(false);
    document.addEventListener(DECLINED, free);
    return () => document.removeEventListener(DECLINED, free);
  }, []);
  useEffect(() => {
    if (!waiting) return undefined;
    const timer = setTimeout(() => setWaiting(false), PATIENCE);
    return () => clearTimeout(timer);
  }, [waiting]);
  return [waiting, setWaiting];
}

const isUndo = (event) =>
  (event.ctrlKey || event.metaKey) &&
  !event.shiftKey &&
  !event.altKey &&
  event.key.toLowerCase() === "z";

// What the buttons do, and when they may.
function useSigning({ box, canvas, busy, ack, accepted, onSave }) {
  const [empty, setEmpty] = useState(true);
  const sent = useRef(false); // what was sent is still what the pad shows
  const hasFocus = () => box.current.contains(document.activeElement);
  const takeFocus = () => box.current.focus({ preventScroll: true });

  const ink = useInk(canvas, () => {
    sent.current = false;
    setEmpty(false);
    // So that Ctrl+Z means this pad after a stroke of the mouse, too.
    if (!hasFocus()) takeFocus();
  });
  const keep = (groups) => {
    if (!ink.ready) return;
    // A button that is switched off would lose the focus to nowhere.
    if (!groups.length && hasFocus()) takeFocus();
    ink.show(groups);
    sent.current = false;
    setEmpty(!groups.length);
  };
  const [waiting, setWaiting] = useAnswer(ack, () => accepted && sent.current && keep([]));
  const locked = busy || waiting;
  const send = () => {
    sent.current = true;
    setWaiting(true);
    takeFocus();
    onSave?.(drawingOf(ink));
  };
  const undo = () => locked || keep(ink.groups.slice(0, -1));
  const clear = () => locked || keep([]);
  const save = () => locked || empty || !ink.ready || send();
  return { empty, locked, undo, clear, save };
}

export function SignaturePad({
  label,
  hintText,
  emptyText,
  undoText,
  clearText,
  saveText,
  busy = false,
  ack = 0,
  accepted = false,
  onSave,
  className = "",
  ...rest
}) {
  const [box, canvas, hint] = [useRef(null), useRef(null), useId()];
  const pad = useSigning({ box, canvas, busy, ack, accepted, onSave });
  const off = pad.empty || pad.locked;
  const onKeyDown = (event) => {
    if (!isUndo(event)) return;
    event.preventDefault();
    pad.undo();
  };
  const button = (text, act, look) => (
    <button type="button" className={`button ${look}`} disabled={off} onClick={act}>
      {text}
    </button>
  );
  // Whatever `ref` comes with the props, this one has to win.
  const root = { ...rest, ref: box, tabIndex: -1, onKeyDown };
  return (
    <div {...root} className={`signature ${className}`.trim()}>
      <p id={hint} className="signature-hint">
        {hintText}
      </p>
      <div className="signature-pad" inert={pad.locked}>
        <div className="signature-baseline" aria-hidden="true">
          {pad.empty ? emptyText : ""}
        </div>
        <canvas ref={canvas} aria-label={label} aria-describedby={hint} />
      </div>
      <div className="signature-actions">
        {button(undoText, pad.undo, "button-secondary")}
        {button(clearText, pad.clear, "button-secondary")}
        {button(saveText, pad.save, "button-primary")}
      </div>
    </div>
  );
}
