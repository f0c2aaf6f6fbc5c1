/** Copies a text. */

import { tell } from "../messages.ts";
import { Icon } from "./icon.tsx";

export function CopyButton({ text, what }: { text: string; what: string }) {
  const copy = () =>
    navigator.clipboard.writeText(text).then(
      () => tell(`Copied ${what}.`),
      () => tell("The browser does not let the page copy.", "failed"),
    );
  return (
    <button type="button" class="quiet small" aria-label={`Copy ${what}`} onClick={copy}>
      <Icon name="copy" />
    </button>
  );
}
