/**
 * The transport over a service binding to the Isolite Worker's `Database` entrypoint.
 *
 * One RPC call carries one request. The database is named by the binding's `props`, in the
 * configuration of the Worker that is bound, so that code cannot reach any other database; or, where
 * they name a group of databases, by the handle, one of these.
 */

import { type Location, location } from "./location.ts";
import { type Bounds, checked } from "./staleness.ts";
import { tracing } from "./tracing.ts";
import type { Transport, TransportReply } from "./transport.ts";

/** What every service binding has, typed (`Service<Database>`) or not (`Fetcher`). */
export interface ServiceBinding {
  fetch(...args: never[]): Promise<unknown>;
}

/** What goes along with a request. */
export interface Attendant extends Bounds {
  /** A bookmark that the answer must not be older than. */
  seen?: string | null | undefined;
  /** Where the request came in that the caller answers. */
  location?: Location | undefined;
  /** Which database, of those that the binding is for. */
  database?: string | undefined;
}

/** The RPC method of the entrypoints `Database` and `Databases`: a request in, the body and the bookmark out. */
export interface DatabaseRpc {
  d1(
    path: string,
    body: string | undefined,
    session: string | null,
    attendant?: Attendant,
  ): Promise<[text: string, bookmark: string | null]>;
}

export class ServiceTransport implements Transport {
  readonly #service: DatabaseRpc;
  /** The newest position that this handle has been answered from, as far as the Worker tells. */
  #seen: string | null = null;
  readonly #max_staleness_ms: number | undefined;
  readonly #database: string | undefined;

  /**
   * Without a bound of its own, that of the binding's `props` holds. `database` is one of a binding's
   * that is for many.
   */
  constructor(binding: ServiceBinding, { max_staleness_ms }: Bounds = {}, database?: string) {
    this.#database = database;
    this.#service = binding as unknown as DatabaseRpc;
    if (max_staleness_ms !== undefined) this.#max_staleness_ms = checked(max_staleness_ms);
  }

  get tracing(): Tracing | undefined {
    return tracing;
  }

  async send(
    path: string,
    body: string | undefined,
    session: string | null,
    max_staleness_ms = session === null ? this.#max_staleness_ms : undefined,
  ): Promise<TransportReply> {
    const attendant: Attendant = { seen: this.#seen, location: location(), max_staleness_ms };
    if (this.#database !== undefined) attendant.database = this.#database;
    const [text, bookmark] = await this.#service.d1(path, body, session, attendant);
    if (bookmark !== null && (this.#seen ?? "") < bookmark) this.#seen = bookmark;
    return { text, bookmark };
  }
}
