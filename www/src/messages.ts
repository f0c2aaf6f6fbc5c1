/** What the page tells besides: short, read out, and gone after a while. */

import { signal } from "@preact/signals";

export interface Message {
  id: number;
  text: string;
  kind: "done" | "failed";
}

export const messages = signal<Message[]>([]);

const SHOWN_MS = 8_000;

let last = 0;

/** What failed stays until it is closed. */
export function tell(text: string, kind: Message["kind"] = "done"): void {
  const id = ++last;
  messages.value = [...messages.value, { id, text, kind }];
  if (kind === "done") setTimeout(() => close(id), SHOWN_MS);
}

export function close(id: number): void {
  messages.value = messages.value.filter((message) => message.id !== id);
}
