// Asks before unsaved changes are left, by a link of the app or by leaving the page.
import { useEffect } from "react";
import { useBlocker } from "react-router";
import { Dialog } from "./dialog.jsx";
import { askBeforeUnload } from "./leaving.jsx";

export function LeaveGuard({ when, title, text, stayText, leaveText }) {
  const blocker = useBlocker(
    ({ currentLocation, nextLocation }) =>
      when && currentLocation.pathname !== nextLocation.pathname,
  );
  useEffect(() => (when ? askBeforeUnload() : undefined), [when]);
  const blocked = blocker.state === "blocked";
  return (
    <Dialog open={blocked} title={title} onClose={() => blocked && blocker.reset()}>
      <p>{text}</p>
      <div className="actions">
        <button type="button" className="button button-primary" onClick={() => blocker.reset()}>
          {stayText}
        </button>
        <button type="button" className="button button-danger" onClick={() => blocker.proceed()}>
          {leaveText}
        </button>
      </div>
    </Dialog>
  );
}
