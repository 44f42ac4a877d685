// Recovery codes are shown once: they come by a route and live in this component only.
import { useState } from "react";
import { post } from "./post.jsx";

export function RecoveryCodes({ action, text, label, hint, failedText, onDone }) {
  const [codes, setCodes] = useState([]);
  const [problem, setProblem] = useState("");
  const [busy, setBusy] = useState(false);
  const renew = async () => {
    if (busy) return;
    setProblem("");
    setBusy(true);
    try {
      const told = await post(action);
      if (told.refused) setProblem(told.declined ? "" : told.message);
      else {
        setCodes(told.codes);
        onDone();
      }
    } catch {
      setProblem(failedText);
    }
    setBusy(false);
  };
  return (
    <>
      {problem ? (
        <p role="alert" className="problem">
          {problem}
        </p>
      ) : null}
      {codes.length ? (
        <div className="recovery" role="status">
          <p className="hint">{hint}</p>
          <ul aria-label={label} className="recovery-codes">
            {codes.map((code) => (
              <li key={code}>
                <code>{code}</code>
              </li>
            ))}
          </ul>
        </div>
      ) : null}
      <button
        type="button"
        className="button button-secondary"
        onClick={renew}
        aria-disabled={busy}
      >
        {text}
      </button>
    </>
  );
}
