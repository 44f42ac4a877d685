// One of a few ways to the same end: radio buttons, and what each needs. What was begun in one way
// stays while another is looked at.
import { Children, useId, useState } from "react";

export function Ways({ label, options, children }) {
  const [chosen, setChosen] = useState(options[0][0]);
  const id = useId();
  return (
    <div className="ways">
      <div role="radiogroup" aria-label={label} className="choices ways-choices">
        {options.map(([option, text, hint]) => (
          <label key={option} className="choice">
            <input
              type="radio"
              name={id}
              checked={chosen === option}
              onChange={() => setChosen(option)}
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
      {Children.toArray(children).map((child, place) => (
        <div key={options[place][0]} hidden={chosen !== options[place][0]}>
          {child}
        </div>
      ))}
    </div>
  );
}
