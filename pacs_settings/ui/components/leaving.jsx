// The browser's own question before a page with unsaved changes is left. Window listeners run in
// the order they were added, and Reflex closes the connection in its own: ours has to come first,
// so it is added when this module loads, and keeps the others away while there is something to ask.
const askers = new Set();

const ask = (event) => {
  if (!askers.size) return;
  event.preventDefault();
  event.stopImmediatePropagation();
};
if (typeof window !== "undefined") window.addEventListener("beforeunload", ask);

export function askBeforeUnload() {
  const asker = {};
  askers.add(asker);
  return () => askers.delete(asker);
}
