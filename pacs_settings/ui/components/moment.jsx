// A moment in the reader's time zone, in words; the full moment is in the title.
import { useEffect, useState } from "react";

const FORMS = { en: "en-GB" }; // day before month, 24 hours

export function Moment({ iso }) {
  const [shown, setShown] = useState(["", ""]);
  useEffect(() => {
    if (!iso) return;
    const spoken = document.documentElement.lang;
    const language = FORMS[spoken] || spoken;
    const moment = new Date(iso);
    setShown([
      moment.toLocaleString(language, { dateStyle: "medium", timeStyle: "short" }),
      moment.toLocaleString(language, { dateStyle: "full", timeStyle: "long" }),
    ]);
  }, [iso]);
  return (
    <time dateTime={iso} title={shown[1]}>
      {shown[0]}
    </time>
  );
}
