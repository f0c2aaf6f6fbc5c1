/** A text with its matches marked, as FTS5's `highlight` made it. */

export function Marked({ text }: { text: string }) {
  const parts = text.split("\u0001").flatMap((part, at) => {
    if (at === 0) return [part];
    const [match = "", rest = ""] = part.split("\u0002", 2);
    return [<mark key={at}>{match}</mark>, rest];
  });
  return <>{parts}</>;
}
