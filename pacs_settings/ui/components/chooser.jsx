// One listener for the buttons of a long list: what the pressed one has as `data-choose` is told.
export function Chooser({ onChoose, children }) {
  const press = (event) => {
    const chosen = event.target.closest("[data-choose]");
    if (chosen) onChoose(Number(chosen.dataset.choose));
  };
  return <div onClick={press}>{children}</div>;
}
