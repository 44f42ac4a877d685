// The browser's own question before a page with unsaved changes is left. Window listeners run in
// the order they were added, and Reflex closes the connection in its own: ours has to come first,
// so it is added when this module loads, and keeps the others away while there is something to ask.
// What can still be kept is kept before the question.
const askers = new Set();

const ask = (event) => {
  if (!askers.size) return;
  askers.forEach(({ keep }) => keep?.());
  event.preventDefault();
  event.stopImmediatePropagation();
};
if (typeof window !== "undefined") window.addEventListener("beforeunload", ask);

export function askBeforeUnload(keep) {
  const asker = { keep };
  askers.add(asker);
  return () => askers.delete(asker);
}
