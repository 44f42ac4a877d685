// Passkeys: the browser makes them and answers with them; a route checks what it says.
import { startAuthentication, startRegistration } from "@simplewebauthn/browser";
import { useRef, useState } from "react";
import { post } from "./post.jsx";

export async function answerPasskey(options) {
  return JSON.stringify(await startAuthentication({ optionsJSON: options }));
}

// Signing in: the answer goes with the form around this button, which the browser posts by itself.
export function PasskeySignIn({ action, text, failedText }) {
  const button = useRef(null);
  const [problem, setProblem] = useState("");
  const [busy, setBusy] = useState(false);
  const go = async () => {
    if (busy) return;
    setProblem("");
    setBusy(true);
    try {
      const options = await post(action);
      if (options.refused) {
        setProblem(options.message);
      } else {
        const form = button.current.form;
        form.elements.namedItem("code").value = await answerPasskey(options);
        form.submit();
        return;
      }
    } catch {
      setProblem(failedText);
    }
    setBusy(false);
  };
  return (
    <>
      {problem ? (
        <p role="alert" className="problem passkey-problem">
          {problem}
        </p>
      ) : null}
      <button
        ref={button}
        type="button"
        className="button button-primary"
        onClick={go}
        aria-disabled={busy}
      >
        {text}
      </button>
    </>
  );
}

// Adding one: a name, and the browser's own dialog.
export function PasskeyEnrolment(props) {
  const { beginAction, action, text, label, hint, failedText, cancelText, onDone, onCancel } = props;
  const form = useRef(null);
  const [problem, setProblem] = useState("");
  const [busy, setBusy] = useState(false);
  const add = async (event) => {
    event.preventDefault();
    if (busy) return;
    setProblem("");
    setBusy(true);
    try {
      const options = await post(beginAction);
      const told = options.refused ? options : await register(options);
      if (!told.refused) {
        onDone();
        return;
      }
      if (!told.declined) setProblem(told.message);
    } catch {
      setProblem(failedText);
    }
    setBusy(false);
  };
  const register = async (options) => {
    const made = JSON.stringify(await startRegistration({ optionsJSON: options }));
    const name = form.current.elements.namedItem("passkey_name").value;
    return post(action, new URLSearchParams({ name, answer: made }));
  };
  return (
    <form ref={form} onSubmit={add} noValidate className="step-form">
      <label className="label" htmlFor="field-passkey_name">
        {label}
      </label>
      <input
        id="field-passkey_name"
        name="passkey_name"
        type="text"
        className="input"
        maxLength={60}
        autoComplete="off"
        aria-describedby="hint-passkey_name"
      />
      <p className="hint" id="hint-passkey_name">
        {hint}
      </p>
      {problem ? (
        <p role="alert" className="problem">
          {problem}
        </p>
      ) : null}
      <div className="actions">
        <button type="submit" className="button button-primary" aria-disabled={busy}>
          {text}
        </button>
        <button type="button" className="button button-secondary" onClick={() => onCancel()}>
          {cancelText}
        </button>
      </div>
    </form>
  );
}
