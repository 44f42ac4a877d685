// Keeps the focus on the page: when the control that has it goes away, what is nearest gets it; a
// new page begins at its heading.
import { useEffect } from "react";

const REACHABLE = [
  "a[href]",
  "button:not(:disabled)",
  "input:not(:disabled, [type=hidden], [tabindex='-1'], [type=radio]:not(:checked))",
  "select:not(:disabled)",
  "[tabindex='0']",
].join();
let turned = false; // a page was shown before this one, without a load

const lost = () => !document.activeElement || document.activeElement === document.body;

export function FocusKeeper() {
  useEffect(() => {
    if (turned && lost()) document.querySelector("h1")?.focus({ preventScroll: true });
    turned = true;
    let path = [];
    const note = ({ target }) => {
      path = [];
      for (let node = target; node && node !== document.body; node = node.parentElement) {
        path.push(node);
      }
    };
    const look = () => {
      if (!path.length || path[0].isConnected || !lost()) return;
      const places = path.filter((node) => node.isConnected);
      path = [];
      const near = places.map((node) => node.querySelector(REACHABLE)).find(Boolean);
      near?.focus();
    };
    const changes = new MutationObserver(look);
    document.addEventListener("focusin", note);
    changes.observe(document.body, { childList: true, subtree: true });
    return () => {
      document.removeEventListener("focusin", note);
      changes.disconnect();
    };
  }, []);
  return null;
}
