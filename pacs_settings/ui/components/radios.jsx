// Radio buttons with a sentence each; whoever uses them says which one is chosen.
import { useId } from "react";

export function Radios({ name, label, value, options, onChoose, className = "choices" }) {
  const id = useId();
  return (
    <div role="radiogroup" aria-label={label} className={className}>
      {options.map(([option, text, hint]) => (
        <label key={option} className="choice">
          <input
            type="radio"
            name={name ?? id}
            checked={value === option}
            onChange={() => onChoose(option)}
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
