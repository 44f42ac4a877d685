// "Confirm that it is you": asked before what is sensitive, by the server (`asked` goes up) or by
// an answer to a post. What is typed goes to a route and never into the page's state.
import { useCallback, useEffect, useRef, useState } from "react";
import { Dialog } from "./dialog.jsx";
import { PasswordInput } from "./inputs.jsx";
import { answerPasskey } from "./passkey.jsx";
import { DECLINED, mountProof, post } from "./post.jsx";

const SENT = ["email", "sms"];

function Question({ mode, method, actions, texts, onProven, onMode, onClose }) {
  const [problem, setProblem] = useState("");
  const [said, setSaid] = useState("");
  const [busy, setBusy] = useState(false);
  const form = useRef(null);
  const field = mode === "password" ? "password" : "code";
  const toField = () => form.current?.querySelector("input")?.focus();
  useEffect(toField, [mode]);

  const attempt = async (work) => {
    setProblem("");
    setSaid("");
    setBusy(true);
    try {
      const told = await work();
      if (!told.refused) {
        onProven();
        return;
      }
      setProblem(told.message);
    } catch {
      setProblem(texts.failed);
    }
    setBusy(false);
    form.current?.reset();
    toField();
  };
  const code = (value) => post(actions.code, new URLSearchParams({ means: method, code: value }));
  const submit = (event) => {
    event.preventDefault();
    if (busy) return;
    const value = form.current.elements.namedItem(field).value;
    attempt(() =>
      mode === "password"
        ? post(actions.password, new URLSearchParams({ password: value }))
        : code(value),
    );
  };
  const turnTo = async (next) => {
    setProblem("");
    setSaid("");
    onMode(next);
    if (next !== "code" || !SENT.includes(method)) return;
    const told = await post(actions.begin).catch(() => ({ refused: "failed", message: texts.failed }));
    if (told.refused) setProblem(told.message);
    else setSaid(texts.sent[method]);
    toField();
  };
  const passkey = () =>
    attempt(async () => {
      const options = await post(actions.begin);
      return options.refused ? options : code(await answerPasskey(options));
    });

  return (
    <form ref={form} onSubmit={submit} noValidate className="step-form">
      <p className="hint" role="status">
        {texts.hint} {said}
      </p>
      <label className="label" htmlFor={`proof-${field}`}>
        {mode === "password" ? texts.password : texts.code}
      </label>
      {mode === "password" ? (
        <PasswordInput
          id="proof-password"
          name="password"
          autoComplete="current-password"
          describedBy={problem ? "proof-problem" : ""}
          invalid={Boolean(problem)}
          showText={texts.show}
          hideText={texts.hide}
        />
      ) : (
        <input
          id="proof-code"
          name="code"
          type="text"
          className="input input-code"
          autoComplete="one-time-code"
          inputMode="numeric"
          maxLength={40}
          aria-describedby={problem ? "proof-problem" : undefined}
          aria-invalid={problem ? "true" : undefined}
        />
      )}
      {problem ? (
        <p id="proof-problem" role="alert" className="problem">
          {problem}
        </p>
      ) : null}
      <div className="actions">
        <button type="submit" className="button button-primary" aria-disabled={busy}>
          {texts.confirm}
        </button>
        <button type="button" className="button button-secondary" onClick={onClose}>
          {texts.cancel}
        </button>
      </div>
      <div className="proof-ways">
        {mode === "code" ? (
          <button type="button" className="button button-quiet" onClick={() => turnTo("password")}>
            {texts.usePassword}
          </button>
        ) : null}
        {mode === "code" && SENT.includes(method) ? (
          <button type="button" className="button button-quiet" onClick={() => turnTo("code")}>
            {texts.resend}
          </button>
        ) : null}
        {mode === "password" && method === "passkey" ? (
          <button type="button" className="button button-quiet" onClick={passkey}>
            {texts.usePasskey}
          </button>
        ) : null}
        {mode === "password" && [...SENT, "authenticator"].includes(method) ? (
          <button type="button" className="button button-quiet" onClick={() => turnTo("code")}>
            {texts.useCode}
          </button>
        ) : null}
      </div>
    </form>
  );
}

export function ProofDialog({ asked, method, actions, texts, onProven }) {
  const [waiting, setWaiting] = useState([]);
  const [mode, setMode] = useState("password");
  const heard = useRef(asked);

  const show = useCallback(
    () => new Promise((resolve) => setWaiting((before) => [...before, resolve])),
    [],
  );
  useEffect(() => mountProof(show), [show]);
  useEffect(() => {
    if (asked === heard.current) return;
    heard.current = asked;
    if (asked) show().then((proven) => proven && onProven());
  }, [asked, onProven, show]);

  const settle = (proven) => {
    waiting.forEach((resolve) => resolve(proven));
    if (!proven) document.dispatchEvent(new Event(DECLINED));
    setWaiting([]);
    setMode("password");
  };
  return (
    <Dialog open={waiting.length > 0} title={texts.title} onClose={() => settle(false)}>
      <Question
        mode={mode}
        method={method}
        actions={actions}
        texts={texts}
        onProven={() => settle(true)}
        onMode={setMode}
        onClose={() => settle(false)}
      />
    </Dialog>
  );
}
