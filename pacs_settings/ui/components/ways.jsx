// One of a few ways to the same end: radio buttons, and what each needs. What was begun in one way
// stays while another is looked at.
import { Children, useState } from "react";
import { Radios } from "./radios.jsx";

export function Ways({ label, options, children }) {
  const [chosen, setChosen] = useState(options[0][0]);
  return (
    <div className="ways">
      <Radios
        label={label}
        value={chosen}
        options={options}
        onChoose={setChosen}
        className="choices ways-choices"
      />
      {Children.toArray(children).map((child, place) => (
        <div key={options[place][0]} hidden={chosen !== options[place][0]}>
          {child}
        </div>
      ))}
    </div>
  );
}
