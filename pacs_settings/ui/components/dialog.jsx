// A modal dialog: the browser's own, which keeps the focus inside and gives it back.
import { useEffect, useId, useRef } from "react";

export function Dialog({ open, title, onClose, role, children }) {
  const dialog = useRef(null);
  const heading = useId();
  useEffect(() => {
    const element = dialog.current;
    if (open && !element.open) element.showModal();
    if (!open && element.open) element.close();
  }, [open]);
  return (
    <dialog
      ref={dialog}
      className="dialog"
      role={role}
      aria-labelledby={heading}
      onCancel={(event) => {
        event.preventDefault();
        onClose?.();
      }}
    >
      <h2 id={heading} className="dialog-title">
        {title}
      </h2>
      {open ? children : null}
    </dialog>
  );
}
