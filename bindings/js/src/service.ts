/**
 * The transport over a service binding to the Isolite Worker's `Database` entrypoint.
 *
 * One RPC call carries one request. The database is named by the binding's `props`, in the
 * configuration of the Worker that is bound, so that code cannot reach any other database.
 */

import type { Transport, TransportReply } from "./transport.ts";

/** What every service binding has, typed (`Service<Database>`) or not (`Fetcher`). */
export interface ServiceBinding {
  fetch(...args: never[]): Promise<unknown>;
}

/**
 * The RPC method of the `Database` entrypoint: a request in, the body and the bookmark out. `seen` is
 * a bookmark that the answer must not be older than.
 */
export interface DatabaseRpc {
  d1(
    path: string,
    body: string | undefined,
    session: string | null,
    seen: string | null,
  ): Promise<[text: string, bookmark: string | null]>;
}

export class ServiceTransport implements Transport {
  readonly #service: DatabaseRpc;
  /** The newest position that this handle has been answered from, as far as the Worker tells. */
  #seen: string | null = null;

  constructor(binding: ServiceBinding) {
    this.#service = binding as unknown as DatabaseRpc;
  }

  async send(
    path: string,
    body: string | undefined,
    session: string | null,
  ): Promise<TransportReply> {
    const [text, bookmark] = await this.#service.d1(path, body, session, this.#seen);
    if (bookmark !== null && (this.#seen ?? "") < bookmark) this.#seen = bookmark;
    return { text, bookmark };
  }
}
