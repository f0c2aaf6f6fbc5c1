/** What a request can come to besides its result. */

/** The server answered and refused; the message is its own. */
export class Refused extends Error {
  readonly status: number;
  readonly code: number;

  constructor(status: number, code: number, message: string) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

/** No answer came, so whether a change happened is not known. */
export class ServerGone extends Error {
  constructor(method: string) {
    const unknown = "The server does not answer. Whether the change happened is not known.";
    super(method === "GET" ? "The server does not answer." : unknown);
  }
}

/** REST's code of work that goes on after the answer. */
export const STILL_RUNNING = 7503;

export const messageOf = (error: unknown): string =>
  error instanceof Error ? error.message : String(error);
