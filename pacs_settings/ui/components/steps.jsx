// Signing in shows the step that the address names after `#`, by CSS alone. With scripts the
// field of that step (or its button) gets the focus, and the one that a named refusal is about (by
// `data-field`, else the first) is marked.
import { useEffect } from "react";

const TYPED = "input:not([readonly], [type=hidden], [type=checkbox])";
const PRESSED = "button:not(.button-danger)"; // Enter must not do harm by itself

export function StepFocus({ ready }) {
  useEffect(() => {
    const look = () => {
      const target = document.getElementById(window.location.hash.slice(1));
      const step = target?.closest(".step") || document.querySelector(".step-address");
      const named = step?.querySelector(`[name="${target?.dataset.field}"]`);
      const field = named || step?.querySelector(target ? TYPED : `${TYPED}, ${PRESSED}`);
      if (field && target?.getAttribute("role") === "alert") {
        field.setAttribute("aria-invalid", "true");
        field.setAttribute("aria-describedby", target.id);
      }
      const typing = document.activeElement;
      if (typing?.tagName === "INPUT" && typing.checkVisibility()) return;
      (field || step?.querySelector(PRESSED))?.focus({ preventScroll: true });
    };
    // Where the page is made by scripts alone (development), its parts came after the address.
    const { hash } = window.location;
    if (hash && !document.querySelector(":target")) {
      window.location.replace("#");
      window.location.replace(hash);
    }
    look();
    window.addEventListener("hashchange", look);
    return () => window.removeEventListener("hashchange", look);
  }, [ready]);
  return null;
}
