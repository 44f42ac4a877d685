// One of a few choices, as radio buttons that move at once; the server's answer has the last word.
import { useEffect, useState } from "react";
import { DECLINED } from "./post.jsx";
import { Radios } from "./radios.jsx";

const PATIENCE = 8000; // ms without an answer until what is stored is shown again

export function Choices({ name, label, value, options, onChoose }) {
  const [wanted, setWanted] = useState(null);
  useEffect(() => setWanted(null), [value]);
  useEffect(() => {
    const putBack = () => setWanted(null);
    document.addEventListener(DECLINED, putBack);
    return () => document.removeEventListener(DECLINED, putBack);
  }, []);
  useEffect(() => {
    if (wanted === null) return undefined;
    const timer = setTimeout(() => setWanted(null), PATIENCE);
    return () => clearTimeout(timer);
  }, [wanted]);
  const choose = (option) => {
    setWanted(option);
    onChoose(option);
  };
  const shown = wanted ?? value;
  return (
    <Radios name={name} label={label} value={shown} options={options} onChoose={choose} />
  );
}
