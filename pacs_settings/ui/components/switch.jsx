// A switch that moves at once; the server's answer confirms it or puts it back.
import { memo, useContext, useEffect, useId, useRef, useState } from "react";
import { EventLoopContext } from "$/utils/context";

const PATIENCE = 8000; // ms without an answer until the switch shows again what is stored
const SAID = 2000; // ms that "Saved" stays beside the switch

function SwitchView(props) {
  const { checked, label, describedBy, name, answer, savedText, onToggle, caption } =
    props;
  const [, connectErrors] = useContext(EventLoopContext);
  const [wanted, setWanted] = useState(null);
  const [said, setSaid] = useState(0); // the answer that is told, 0 for none
  const asked = useRef(null);
  const id = useId();
  const shown = wanted ?? checked;
  const offline = connectErrors.length > 0;

  useEffect(() => {
    if (asked.current === null || !answer) return undefined;
    const granted = checked === asked.current;
    asked.current = null;
    setWanted(null);
    setSaid(granted && savedText ? answer : 0);
    return undefined;
  }, [answer]);

  // Timed by what is told: `answer` also changes when another switch is answered.
  useEffect(() => {
    if (!said) return undefined;
    const timer = setTimeout(() => setSaid(0), SAID);
    return () => clearTimeout(timer);
  }, [said]);

  useEffect(() => {
    if (wanted === null) return undefined;
    const timer = setTimeout(() => {
      asked.current = null;
      setWanted(null);
    }, PATIENCE);
    return () => clearTimeout(timer);
  }, [wanted]);

  const toggle = () => {
    if (offline) return;
    asked.current = !shown;
    setWanted(!shown);
    onToggle(!shown);
  };

  return (
    <span className="switch-place">
      <button
        type="button"
        role="switch"
        id={id}
        className="switch"
        aria-checked={Boolean(shown)}
        aria-label={label}
        aria-describedby={describedBy || undefined}
        aria-disabled={offline || undefined}
        title={caption || undefined}
        onClick={toggle}
      >
        <span className="switch-thumb" />
      </button>
      <span className="switch-said" aria-hidden="true">
        {said ? savedText : ""}
      </span>
    </span>
  );
}

// What a switch calls depends on its name alone, so a new function of the same name is no change;
// without this every answer would draw every switch of the table again.
const same = (before, after) =>
  Object.keys(after).every((key) => key === "onToggle" || before[key] === after[key]);

export const Switch = memo(SwitchView, same);
