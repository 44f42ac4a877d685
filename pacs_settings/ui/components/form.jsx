// A form that keeps what was typed, says beside the field what is wrong, and asks before its
// unsaved changes are left. It posts to a route (`action`: passwords and codes, which never pass
// through the state) or hands its values to an event (`onSend`).
import { useCallback, useContext, useEffect, useRef, useState } from "react";
import { EventLoopContext } from "$/utils/context";
import { LeaveGuard } from "./leave_guard.jsx";
import { DECLINED, post } from "./post.jsx";

const TYPED = "input:not([type=hidden], [readonly])";
const PATIENCE = 8000; // ms without an answer until one may send again
const slot = (form, name) => form.querySelector(`[data-error-for="${name}"]`);
const valuesOf = (form) => Object.fromEntries(new FormData(form));
const printOf = (form) => JSON.stringify(Object.entries(valuesOf(form)));

function clearRefusal(form) {
  form.querySelectorAll("[data-error-for]").forEach((place) => {
    place.hidden = true;
    place.textContent = "";
  });
  form.querySelectorAll("[aria-invalid]").forEach((field) => field.removeAttribute("aria-invalid"));
}

function showRefusal(form, name, message) {
  const field = name ? form.elements.namedItem(name) : null;
  const place = slot(form, name) || slot(form, "");
  if (place) {
    place.textContent = message;
    place.hidden = false;
  }
  if (field?.setAttribute) {
    field.setAttribute("aria-invalid", "true");
    field.focus();
  }
}

export function Form(props) {
  const { action, onSend, onDone, onlyChanged, emptied, children, className } = props;
  const { answer, accepted, field, message, savedText, failedText, leave, label } = props;
  const [, connectErrors] = useContext(EventLoopContext);
  const form = useRef(null);
  const start = useRef("");
  const [dirty, setDirty] = useState(false);
  const [busy, setBusy] = useState(false);
  const [said, setSaid] = useState("");
  const offline = connectErrors.length > 0;

  const settle = useCallback(() => {
    start.current = printOf(form.current);
    setDirty(false);
  }, []);
  useEffect(settle, [settle]);

  const refuse = useCallback(
    (where, why) => {
      if (emptied) form.current.querySelectorAll(TYPED).forEach((input) => {
        if (emptied === "all" || emptied.split(" ").includes(input.name)) input.value = "";
      });
      showRefusal(form.current, where, why);
      setBusy(false);
    },
    [emptied],
  );

  const accept = useCallback(() => {
    setBusy(false);
    // What is stored may be written otherwise than it was typed: a phone number.
    if (!action) form.current.querySelectorAll("input").forEach((input) => {
      input.value = input.defaultValue;
    });
    settle();
    if (savedText) setSaid(savedText);
  }, [action, savedText, settle]);

  const heard = useRef(answer);
  useEffect(() => {
    if (answer === heard.current) return;
    heard.current = answer;
    if (!answer) return;
    if (accepted) accept();
    else refuse(field, message);
  }, [answer]);

  // Nor does what is not proven.
  useEffect(() => {
    const free = () => setBusy(false);
    document.addEventListener(DECLINED, free);
    return () => document.removeEventListener(DECLINED, free);
  }, []);

  // What was under way when the connection broke gets no answer any more.
  useEffect(() => {
    if (offline) setBusy(false);
  }, [offline]);

  // Nor does what the server could not take in: it says so on top of the page.
  useEffect(() => {
    if (!busy || action) return undefined;
    const timer = setTimeout(() => setBusy(false), PATIENCE);
    return () => clearTimeout(timer);
  }, [busy, action]);

  const waiting = busy || offline || Boolean(onlyChanged && !dirty);
  const submit = async (event) => {
    event.preventDefault();
    if (waiting) return;
    clearRefusal(form.current);
    setSaid("");
    setBusy(true);
    if (!action) {
      onSend(valuesOf(form.current));
      return;
    }
    try {
      const told = await post(action, new URLSearchParams(new FormData(form.current)));
      if (told.declined) {
        setBusy(false);
        return;
      }
      if (told.refused) {
        refuse(told.field, told.message);
        return;
      }
      form.current.reset();
      accept();
      onDone?.();
    } catch {
      refuse("", failedText);
    }
  };

  const changed = () => {
    const different = printOf(form.current) !== start.current;
    if (different !== dirty) setDirty(different);
    if (said) setSaid("");
  };

  return (
    <form
      ref={form}
      className={className}
      aria-label={label || undefined}
      noValidate
      onSubmit={submit}
      onInput={changed}
      onChange={changed}
      data-waiting={waiting || undefined}
    >
      <p role="alert" className="problem" data-error-for="" hidden />
      <fieldset
        className="bare"
        ref={(node) => {
          // Not `disabled`: the focus would be lost with every save.
          node?.querySelector("button[type=submit]")?.setAttribute("aria-disabled", waiting);
        }}
      >
        {children}
      </fieldset>
      <p role="status" className="said">
        {said}
      </p>
      {leave ? <LeaveGuard when={dirty && !busy} {...leave} /> : null}
    </form>
  );
}
