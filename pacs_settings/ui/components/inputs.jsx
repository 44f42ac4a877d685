// Small inputs that need a script: show a password, choose a language, tell a password's strength.
import { useEffect, useRef, useState } from "react";

export function PasswordInput(props) {
  const { id, name, autoComplete, describedBy, invalid, showText, hideText } = props;
  const [ready, setReady] = useState(false);
  const [shown, setShown] = useState(false);
  useEffect(() => setReady(true), []);
  return (
    <span className="password">
      <input
        id={id}
        name={name}
        type={shown ? "text" : "password"}
        className="input"
        autoComplete={autoComplete}
        aria-describedby={describedBy || undefined}
        aria-invalid={invalid ? "true" : undefined}
        autoCapitalize="off"
        spellCheck="false"
        maxLength={1024}
        required
      />
      {ready ? (
        <button type="button" className="password-show" onClick={() => setShown(!shown)}>
          {shown ? hideText : showText}
        </button>
      ) : null}
    </span>
  );
}

export function LanguageSelect({ action, label, hint, current, options, changeText }) {
  const form = useRef(null);
  return (
    <form ref={form} method="post" action={action} className="language">
      <select
        name="language"
        className="select select-quiet"
        aria-label={label}
        title={hint}
        defaultValue={current}
        onChange={() => form.current.requestSubmit()}
      >
        {options.map(([code, own]) => (
          <option key={code} value={code} lang={code}>
            {own}
          </option>
        ))}
      </select>
      <noscript>
        <button type="submit" className="button button-quiet">
          {changeText}
        </button>
      </noscript>
    </form>
  );
}

const PAUSE = 250; // ms after the last key

export function StrengthMeter({ action, name, label, words }) {
  const place = useRef(null);
  const [score, setScore] = useState(-1);
  useEffect(() => {
    const input = place.current.closest("form").elements.namedItem(name);
    let timer = 0;
    let latest = 0;
    const ask = async (mine) => {
      const body = new URLSearchParams({ new: input.value });
      const answer = await fetch(action, { method: "POST", body, credentials: "include" }).catch(
        () => null,
      );
      if (mine !== latest || !answer?.ok) return;
      setScore((await answer.json()).score);
    };
    const typed = () => {
      clearTimeout(timer);
      latest += 1;
      const mine = latest;
      if (!input.value) setScore(-1);
      else timer = setTimeout(() => ask(mine), PAUSE);
    };
    const form = input.form;
    const emptied = () => setScore(-1);
    input.addEventListener("input", typed);
    form.addEventListener("reset", emptied);
    return () => {
      clearTimeout(timer);
      input.removeEventListener("input", typed);
      form.removeEventListener("reset", emptied);
    };
  }, [action, name]);
  return (
    <div className="strength" ref={place} data-score={score}>
      <span className="strength-bar" aria-hidden="true" />
      <span aria-live="polite">{score < 0 ? "" : `${label}: ${words[score]}`}</span>
    </div>
  );
}
