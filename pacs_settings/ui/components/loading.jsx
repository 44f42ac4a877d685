// What a page shows once its data is in, and the room for it until then. Once shown it stays: after
// a lost connection the state starts anew, and what was typed meanwhile must not go with it.
import { Children, useRef } from "react";

export function Loaded({ when, lines, children }) {
  const seen = useRef(false);
  if (when) seen.current = true;
  if (seen.current) return children;
  return (
    <div className="skeleton" aria-hidden="true">
      {Array.from({ length: lines }, (_, line) => (
        <div key={line} className="skeleton-line" />
      ))}
    </div>
  );
}

// The child of that number. While nothing is known it stays as it was, with all that was typed.
export function Settled({ when, which, children }) {
  const seen = useRef(0);
  if (when) seen.current = which;
  return Children.toArray(children)[seen.current];
}
