// Around the session: the warning before it ends, the way out when it has, the lost connection.
import { useContext, useEffect, useState } from "react";
import { EventLoopContext } from "$/utils/context";
import { Dialog } from "./dialog.jsx";
import "./leaving.jsx"; // on every page from its first moment

export function LeaveWhen({ ended, to }) {
  useEffect(() => {
    if (ended) window.location.replace(to);
  }, [ended, to]);
  return null;
}

const MINUTE = 60000;
const PATIENCE = 1200; // ms; a shorter interruption is not worth a word

export function SessionWarning(props) {
  const { secondsLeft, answer, absolute, title, text, absoluteText, lessText } = props;
  const { stayText, onStay, renewAction, leaveTo } = props;
  const [deadline, setDeadline] = useState(0);
  const [minutes, setMinutes] = useState(0);
  useEffect(() => {
    setDeadline(secondsLeft > 0 ? Date.now() + secondsLeft * 1000 : 0);
  }, [secondsLeft, answer]);
  useEffect(() => {
    if (!deadline) return undefined;
    const look = () => {
      const left = deadline - Date.now();
      setMinutes(Math.ceil(left / MINUTE));
      if (left < -3000) window.location.replace(leaveTo);
    };
    look();
    const timer = setInterval(look, 1000);
    return () => clearInterval(timer);
  }, [deadline, leaveTo]);
  const spoken = minutes > 1 ? text.replace("{minutes}", minutes) : lessText;
  return (
    <Dialog open={deadline > 0} title={title} role="alertdialog" onClose={onStay}>
      <p>{absolute ? absoluteText : spoken}</p>
      <div className="actions">
        {absolute ? (
          <form method="post" action={renewAction}>
            <button type="submit" className="button button-primary">
              {stayText}
            </button>
          </form>
        ) : (
          <button type="button" className="button button-primary" onClick={() => onStay()}>
            {stayText}
          </button>
        )}
      </div>
    </Dialog>
  );
}

export function ConnectionLine({ text }) {
  const [, connectErrors] = useContext(EventLoopContext);
  const [shown, setShown] = useState(false);
  const lost = connectErrors.length > 0;
  useEffect(() => {
    const timer = setTimeout(() => setShown(lost), lost ? PATIENCE : 0);
    return () => clearTimeout(timer);
  }, [lost]);
  return (
    <div className="connection" aria-live="polite">
      {shown ? <p className="connection-line">{text}</p> : null}
    </div>
  );
}
