// Posting to a route of ours. Where the answer asks for a proof that it is the owner, the dialog of
// the page asks for it, and then the same is posted once more; else the answer is `declined`.
export const DECLINED = "proof-declined"; // event of the document
let open = null; // of the dialog that is on the page

export function mountProof(show) {
  open = show;
  return () => {
    if (open === show) open = null;
  };
}

export async function post(action, body = new URLSearchParams()) {
  const answer = await fetch(action, {
    method: "POST",
    body,
    credentials: "include",
    headers: { Accept: "application/json" },
  });
  if (answer.status === 401) window.location.replace("/login");
  const told = await answer.json();
  if (told.refused !== "proof_needed" || !open) return told;
  return (await open()) ? post(action, body) : { ...told, declined: true };
}
