/** A file of SQL or of SQLite, taken in by the primary while the page asks how far it is. */

import { Refused, ServerGone } from "./failure.ts";
import { checked, type Envelope, type Received } from "./http.ts";
import { nextLogin } from "./login.ts";
import { ask, DATABASES } from "./rest.ts";

export interface ImportStep {
  status: "active" | "complete" | "error";
  at_bookmark: string;
  messages: string[];
  error?: string;
  result?: { num_queries: number };
}

/** How much of the file the server has, in bytes. */
type OnSent = (bytes: number) => void;

export async function beginImport(database: string, file: File, onSent: OnSent): Promise<ImportStep> {
  const url = `${DATABASES}/${encodeURIComponent(database)}/import?format=auto`;
  for (;;) {
    const received = await upload(url, file, onSent);
    if (received.status !== 401) return checked<Envelope>(received).result as ImportStep;
    await nextLogin();
  }
}

export async function pollImport(database: string, job: string): Promise<ImportStep> {
  const path = `/${encodeURIComponent(database)}/import`;
  return (await ask<ImportStep>("POST", path, { action: "poll", current_bookmark: job })).result;
}

/** By the older interface of browsers, as `fetch` does not tell how much was sent. */
function upload(url: string, file: File, onSent: OnSent): Promise<Received> {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("POST", url);
    request.setRequestHeader("x-isolite-console", "1");
    request.upload.addEventListener("progress", ({ loaded }) => onSent(loaded));
    request.addEventListener("load", () => resolve({ status: request.status, text: request.responseText }));
    request.addEventListener("error", () => reject(new ServerGone("POST")));
    request.addEventListener("abort", () => reject(new Refused(0, 0, "It was stopped.")));
    request.send(file);
  });
}
