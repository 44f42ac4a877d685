// Text boxes whose typing is kept as a draft by the server, a moment after the last key. What is
// typed stays in the boxes, whatever the server tells meanwhile, until it has been kept or saved.
import { useContext, useEffect, useId, useRef, useState } from "react";
import { EventLoopContext } from "$/utils/context";
import { LeaveGuard } from "./leave_guard.jsx";
import { askBeforeUnload } from "./leaving.jsx";
import { DECLINED } from "./post.jsx";

const PAUSE = 1000; // ms after the last key
const PATIENCE = 8000; // ms without an answer until one may ask again
const FORMS = { en: "en-GB" };
let strokes = Date.now(); // numbers what is typed, in all editors of this tab

// The time of a moment, with its day where that is not today.
function clock(iso) {
  const spoken = document.documentElement.lang;
  const moment = new Date(iso);
  const today = moment.toDateString() === new Date().toDateString();
  const form = today ? { timeStyle: "short" } : { dateStyle: "medium", timeStyle: "short" };
  return moment.toLocaleString(FORMS[spoken] || spoken, form);
}

// What no database takes would be refused as a whole: NUL, and half of a character, which is what
// the longest text may end with.
const storable = (text) =>
  text
    .replaceAll("\0", "")
    .replace(/[\uD800-\uDBFF](?![\uDC00-\uDFFF])|(?<![\uD800-\uDBFF])[\uDC00-\uDFFF]/g, "\uFFFD");

function put(box, text) {
  if (!box || box.value === text) return;
  const { selectionStart, selectionEnd } = box;
  const focused = document.activeElement === box;
  box.value = text;
  if (focused) box.setSelectionRange(selectionStart, selectionEnd);
}

// What is typed upon what: `base` is the revision that the text began from.
class Typing {
  constructor() {
    Object.assign(this, { report: 0, base: 0, typed: strokes, kept: strokes, sent: 0, values: {} });
    this.boxes = {};
  }

  get clean() {
    return this.typed === this.kept;
  }

  fill(report, base, values) {
    Object.assign(this, { report, base, values: { ...values }, kept: this.typed });
    Object.entries(values).forEach(([name, text]) => put(this.boxes[name], text));
  }

  note(name, text) {
    strokes += 1;
    this.typed = strokes;
    this.values[name] = storable(text);
  }

  told(revision) {
    return { report: this.report, revision, number: this.typed, ...this.values };
  }
}

// Keeps what is typed; `lost` while there is no connection.
function useTyping(props, lost) {
  const { stamp, kept } = props;
  const [typing] = useState(() => new Typing());
  const [dirty, setDirty] = useState(false);
  const latest = useRef(props);
  const timer = useRef(0);
  latest.current = { ...props, lost };

  const keep = () => {
    clearTimeout(timer.current);
    if (typing.clean) return;
    timer.current = setTimeout(keep, PATIENCE);
    if (!latest.current.lost) latest.current.onKeep(typing.told(typing.base));
  };
  const later = () => {
    clearTimeout(timer.current);
    timer.current = setTimeout(keep, PAUSE);
  };
  const settle = () => {
    if (typing.clean) clearTimeout(timer.current);
    setDirty(!typing.clean);
  };
  const type = (name, text) => {
    typing.note(name, text);
    setDirty(true);
    later();
  };

  useEffect(() => {
    if (kept > typing.kept && kept <= typing.typed) typing.kept = kept;
    settle();
  }, [kept]);

  useEffect(() => {
    const { report, revision, base, values, fill, saved } = latest.current;
    if (!stamp) return;
    if (saved && saved === typing.sent) {
      typing.base = revision;
      typing.kept = saved;
    }
    if (typing.report && typing.report !== report) keep();
    if (fill || typing.clean || typing.report !== report) typing.fill(report, base, values);
    else later();
    settle();
  }, [stamp]);

  useEffect(() => {
    if (!lost) keep();
  }, [lost]);

  useEffect(() => {
    const hide = () => document.visibilityState === "hidden" && keep();
    document.addEventListener("visibilitychange", hide);
    return () => {
      document.removeEventListener("visibilitychange", hide);
      keep();
      clearTimeout(timer.current);
    };
  }, []);

  const stop = () => clearTimeout(timer.current);
  return { typing, dirty, type, keep, stop };
}

// True from the moment of asking until an answer; a question that is declined is one, too.
function useBusy(answer, stamp, lost) {
  const [busy, setBusy] = useState(false);
  const free = () => setBusy(false);
  useEffect(free, [answer, stamp, lost]);
  useEffect(() => {
    document.addEventListener(DECLINED, free);
    return () => document.removeEventListener(DECLINED, free);
  }, []);
  useEffect(() => {
    if (!busy) return undefined;
    const timer = setTimeout(free, PATIENCE);
    return () => clearTimeout(timer);
  }, [busy]);
  return [busy, setBusy];
}

function Box({ id, box, typing, onType, onLeave, refusal, longest }) {
  const [name, label, hint] = box;
  return (
    <div className="editor-box">
      <label htmlFor={id} className="label">
        {label}
      </label>
      {hint ? (
        <span id={`${id}-hint`} className="hint">
          {hint}
        </span>
      ) : null}
      <textarea
        id={id}
        ref={(element) => {
          typing.boxes[name] = element;
        }}
        className="input textarea"
        defaultValue={typing.values[name]}
        maxLength={longest}
        aria-describedby={[hint && `${id}-hint`, refusal && `${id}-problem`].filter(Boolean).join(" ") || undefined}
        aria-invalid={refusal ? "true" : undefined}
        onInput={(event) => onType(name, event.target.value)}
        onBlur={onLeave}
      />
      {refusal ? (
        <p id={`${id}-problem`} role="alert" className="problem">
          {refusal}
        </p>
      ) : null}
    </div>
  );
}

export function Editor(props) {
  const { boxes, texts, answer, stamp, field, problem, said, keptAt, keepProblem } = props;
  const { longest, conflict, revision, reason, leave, children } = props;
  const { onSave, onFinish, onDiscard, onKeep } = props;
  const [, connectErrors] = useContext(EventLoopContext);
  const lost = connectErrors.length > 0;
  const id = useId();
  const { typing, dirty, type, keep, stop } = useTyping(props, lost);
  const [busy, setBusy] = useBusy(answer, stamp, lost);
  const names = boxes.map(([name]) => name);

  useEffect(() => {
    if (answer && field) typing.boxes[field]?.focus();
  }, [answer]);
  useEffect(() => (dirty ? askBeforeUnload(keep) : undefined), [dirty]);

  const waiting = busy || lost;
  // What it was typed upon may change after the buttons were drawn, so it is looked up when pressed.
  const act = (send, upon) => () => {
    if (waiting) return;
    stop();
    typing.sent = typing.typed;
    setBusy(true);
    send(typing.told(upon ?? typing.base));
  };
  // The proof that is asked first may take a while: what is typed is kept before.
  const finish = act((told) => {
    if (!typing.clean) onKeep(typing.told(typing.base));
    onFinish(told);
  });
  const button = (text, onClick, look, more = {}) => (
    <button
      type="button"
      className={`button button-${look}`}
      aria-disabled={waiting || Boolean(more.reason)}
      aria-describedby={more.reason ? `${id}-reason` : undefined}
      onClick={more.reason ? undefined : onClick}
    >
      {text}
    </button>
  );
  const draft = keptAt ? texts.kept.replace("{time}", clock(keptAt)) : dirty ? "" : said;
  const told = dirty && lost ? texts.lost : (dirty && keepProblem) || draft;

  return (
    <div className="editor">
      {conflict ? (
        <section className="conflict" aria-label={texts.conflict}>
          <p role="alert" className="label">
            {conflict}
          </p>
          {children}
          <div className="actions">
            {button(texts.takeTheirs, act(onDiscard), "secondary")}
            {onSave ? button(texts.saveMine, act(onSave, revision), "secondary") : null}
          </div>
        </section>
      ) : null}
      {boxes.map((box) => (
        <Box
          key={box[0]}
          id={`${id}-${box[0]}`}
          box={box}
          typing={typing}
          onType={type}
          onLeave={keep}
          refusal={field === box[0] ? problem : ""}
          longest={longest}
        />
      ))}
      {problem && !conflict && !names.includes(field) ? (
        <p key={answer} role="alert" className="problem">
          {problem}
        </p>
      ) : null}
      <div className="actions">
        {onSave ? button(texts.save, act(onSave), "primary") : null}
        {button(texts.finish, finish, onSave ? "secondary" : "primary", { reason })}
        {keptAt && !conflict ? button(texts.discard, act(onDiscard), "quiet") : null}
        <p role="status" className="said">
          {told}
        </p>
      </div>
      {reason ? (
        <p id={`${id}-reason`} className="hint">
          {reason}
        </p>
      ) : null}
      <LeaveGuard when={dirty && (lost || Boolean(keepProblem))} {...leave} />
    </div>
  );
}
