// One of a few choices, as radio buttons that move at once; the server's answer has the last word.
import { useEffect, useId, useState } from "react";
import { DECLINED } from "./post.jsx";

const PATIENCE = 8000; // ms without an answer until what is stored is shown again

export function Choices({ name, label, value, options, onChoose }) {
  const [wanted, setWanted] = useState(null);
  const id = useId();
  useEffect(() => setWanted(null), [value]);
  useEffect(() => {
    const putBack = () => setWanted(null);
    document.addEventListener(DECLINED, putBack);
    return () => document.removeEventListener(DECLINED, putBack);
  }, []);
  useEffect(() => {
    if (wanted === null) return undefined;
    const timer = setTimeout(() => setWanted(null), PATIENCE);
    return () => clearTimeout(timer);
  }, [wanted]);
  const choose = (option) => {
    setWanted(option);
    onChoose(option);
  };
  const shown = wanted ?? value;
  return (
    <div role="radiogroup" aria-label={label} className="choices">
      {options.map(([option, text, hint]) => (
        <label key={option} className="choice">
          <input
            type="radio"
            name={name}
            checked={shown === option}
            onChange={() => choose(option)}
            aria-label={text}
            aria-describedby={`${id}-${option}`}
          />
          <span>
            <span className="label">{text}</span>
            <span className="hint" id={`${id}-${option}`}>
              {hint}
            </span>
          </span>
        </label>
      ))}
    </div>
  );
}
