// What a phone reads to become an authenticator. The secret comes by a route of its own and lives
// in this component only: it is never part of the page's state.
import { useEffect, useState } from "react";
import { post } from "./post.jsx";

export function Enrolment({ action, imageText, secretText, waitText, failedText }) {
  const [device, setDevice] = useState(null);
  const [failed, setFailed] = useState("");
  useEffect(() => {
    let live = true;
    post(action)
      .then((told) => {
        if (!live) return;
        if (told.id) setDevice(told);
        else setFailed(told.message || failedText);
      })
      .catch(() => live && setFailed(failedText));
    return () => {
      live = false;
    };
  }, [action, failedText]);
  if (failed) {
    return (
      <p role="alert" className="problem">
        {failed}
      </p>
    );
  }
  return (
    <div className="enrolment" aria-busy={!device}>
      {device ? (
        <img
          className="enrolment-code"
          alt={imageText}
          src={`data:image/svg+xml;utf8,${encodeURIComponent(device.qr_svg)}`}
        />
      ) : (
        <span className="enrolment-code">{waitText}</span>
      )}
      <div className="enrolment-secret">
        <span id="secret-label" className="label">
          {secretText}
        </span>
        <output aria-labelledby="secret-label" className="secret">
          {device ? device.secret.match(/.{1,4}/g).join(" ") : ""}
        </output>
      </div>
      <input type="hidden" name="device_id" value={device ? device.id : ""} readOnly />
    </div>
  );
}
