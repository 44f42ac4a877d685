// A search field with its results within: each query has a number, arrows walk through the results,
// Escape begins anew.
import { useEffect, useId, useRef } from "react";

const STEPS = { ArrowDown: 1, ArrowUp: -1 };

export function SearchBox({ label, hint, longest, answer, onSearch, children }) {
  const place = useRef(null);
  const input = useRef(null);
  const number = useRef(0);
  const id = useId();

  const ask = () => {
    number.current += 1;
    onSearch(number.current, input.current.value);
  };

  useEffect(() => input.current.focus(), []);

  // After a lost connection the server knows nothing of what was asked.
  useEffect(() => {
    if (!answer && number.current && input.current.value) ask();
  }, [answer]);

  const walk = (event) => {
    if (event.key === "Escape" && input.current.value) {
      event.preventDefault();
      input.current.value = "";
      input.current.focus();
      ask();
    }
    const step = STEPS[event.key];
    if (!step || event.altKey || event.ctrlKey || event.metaKey) return;
    const stops = [input.current, ...place.current.querySelectorAll("li button")];
    const next = stops[stops.indexOf(document.activeElement) + step];
    if (next) next.focus();
    event.preventDefault();
  };

  return (
    <div className="search" role="search" ref={place} onKeyDown={walk}>
      <label htmlFor={id} className="label">
        {label}
      </label>
      <span id={`${id}hint`} className="hint">
        {hint}
      </span>
      <input
        ref={input}
        id={id}
        type="search"
        className="input"
        aria-describedby={`${id}hint`}
        maxLength={longest}
        autoComplete="off"
        autoCapitalize="off"
        spellCheck="false"
        onChange={ask}
      />
      {children}
    </div>
  );
}
