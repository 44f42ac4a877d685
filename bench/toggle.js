// Click the switch `count` times; the milliseconds from each click until it is confirmed:
// aria-checked has the new value, and the text says Saved and is another one than before.
async ({ count, pause, patience, switch: at, said: where }) => {
  const rest = (ms) => new Promise((done) => setTimeout(done, ms));
  const once = () =>
    new Promise((done, fail) => {
      const button = document.querySelector(at);
      const said = document.querySelector(where);
      const before = said.textContent;
      const wanted = button.getAttribute("aria-checked") === "true" ? "false" : "true";
      const confirmed = () =>
        said.textContent !== before &&
        said.textContent.startsWith("Saved") &&
        button.getAttribute("aria-checked") === wanted;
      const observer = new MutationObserver(() => {
        if (!confirmed()) return;
        const took = performance.now() - start;
        observer.disconnect();
        clearTimeout(timer);
        done(took);
      });
      observer.observe(document.body, {
        subtree: true,
        childList: true,
        characterData: true,
        attributes: true,
        attributeFilter: ["aria-checked"],
      });
      const timer = setTimeout(() => fail(new Error("a click was not confirmed")), patience);
      const start = performance.now();
      button.click();
    });
  const took = [];
  for (let n = 0; n < count; n++) {
    took.push(await once());
    await rest(pause);
  }
  return took;
};
