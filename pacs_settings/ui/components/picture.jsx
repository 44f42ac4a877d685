// A picture to be uploaded: shown as the server would keep it, then posted as it is. The answers to
// a picture that is no longer the chosen one are dropped.
import { useId, useRef, useState } from "react";
import { post } from "./post.jsx";

export function PictureUpload(props) {
  const { preview, action, largest, label, hint, saveText, previewText, waitText } = props;
  const { savedText, largeText, failedText, onDone } = props;
  const [shown, setShown] = useState({ svg: "", problem: "", said: "" });
  const [busy, setBusy] = useState(false);
  const latest = useRef(0);
  const input = useRef(null);
  const id = useId();

  const attempt = async (address, file, then) => {
    latest.current += 1;
    const mine = latest.current;
    setBusy(true);
    const told =
      file.size > largest
        ? { refused: "too_large", message: largeText }
        : await post(address, file).catch(() => ({ refused: "failed", message: failedText }));
    if (mine !== latest.current) return;
    setBusy(false);
    if (told.refused && !told.declined) setShown({ svg: "", problem: told.message, said: "" });
    if (!told.refused) then(told);
  };
  const choose = () => {
    const file = input.current.files[0];
    setShown({ svg: "", problem: "", said: file ? waitText : "" });
    if (file) attempt(preview, file, ({ svg }) => setShown({ svg, problem: "", said: "" }));
  };
  const off = busy || !shown.svg;
  const save = () => {
    if (off) return;
    attempt(action, input.current.files[0], () => {
      input.current.value = "";
      setShown({ svg: "", problem: "", said: savedText });
      onDone();
    });
  };

  return (
    <div className="picture">
      <label htmlFor={id} className="label">
        {label}
      </label>
      <span id={`${id}-hint`} className="hint">
        {hint}
      </span>
      <input
        ref={input}
        id={id}
        type="file"
        accept="image/png,image/jpeg"
        className="picture-file"
        aria-describedby={`${id}-hint ${id}-problem`}
        aria-invalid={shown.problem ? "true" : undefined}
        onChange={choose}
      />
      {shown.problem ? (
        <p id={`${id}-problem`} role="alert" className="problem">
          {shown.problem}
        </p>
      ) : null}
      {shown.svg ? (
        <figure className="picture-preview">
          <div className="signature-saved" dangerouslySetInnerHTML={{ __html: shown.svg }} />
          <figcaption className="hint">{previewText}</figcaption>
        </figure>
      ) : null}
      <div className="actions">
        <button
          type="button"
          className="button button-primary"
          aria-disabled={off}
          onClick={save}
        >
          {saveText}
        </button>
        <p role="status" className="said">
          {shown.said}
        </p>
      </div>
    </div>
  );
}
