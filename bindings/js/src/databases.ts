/**
 * Many databases of one kind, as one for each tenant: picked by name at run time.
 *
 * Which there may be the configuration says, not the code that picks: names have to begin with the
 * prefix, and a database is created only where that is asked for.
 */

import { D1Database, type DatabaseOptions } from "./database.ts";
import { type IsoliteEnv, RouterTransport } from "./router.ts";
import { type ServiceBinding, ServiceTransport } from "./service.ts";
import type { Bounds } from "./staleness.ts";

/** Which databases, and what becomes of a name that there is none of. */
export interface Group {
  /** What all their names begin with; unless told any name will do. */
  prefix?: string;
  /** Whether the first use of an unknown name creates the database; unless told its queries fail. */
  create?: boolean | "if_missing";
  /** The database whose schema one begins with that is created. */
  template?: string;
}

/** What picks a database by its name, prefix included. Cheap: call it in every request. */
export interface D1Databases {
  get(name: string): D1Database;
}

/** Why a name is none of a group's; undefined if it may be one. */
export function refusalOf(name: unknown, { prefix = "" }: Group): string | undefined {
  if (typeof name !== "string") return "A database is picked by its name, which is a string";
  if (name.startsWith(prefix)) return undefined;
  return `${name} is none of these databases: names begin with ${prefix}`;
}

export function creates({ create = false }: Group): boolean {
  return create === true || create === "if_missing";
}

/** The group inside this Worker. */
export class EmbeddedDatabases implements D1Databases {
  readonly #env: IsoliteEnv;
  readonly #group: Group & DatabaseOptions & Bounds;

  constructor(env: IsoliteEnv, group: Group & DatabaseOptions & Bounds) {
    this.#env = env;
    this.#group = group;
  }

  /** Throws on what is none of the group. */
  get(name: string): D1Database {
    const refusal = refusalOf(name, this.#group);
    if (refusal !== undefined) throw new TypeError(`isolite: ${refusal}`);
    const { template, max_staleness_ms } = this.#group;
    const options = { create: creates(this.#group), template, max_staleness_ms };
    return new D1Database(new RouterTransport(this.#env, name, options), this.#group);
  }
}

/**
 * What a service binding is before it is known for what: a database, if its entrypoint is `Database`;
 * if that is `Databases`, what `get` picks from.
 */
export class ServiceDatabase extends D1Database implements D1Databases {
  // Programs tell D1's databases by it.
  static {
    Object.defineProperty(this, "name", { value: "D1Database" });
  }

  readonly #binding: ServiceBinding;
  readonly #options: DatabaseOptions & Bounds;

  constructor(binding: ServiceBinding, options: DatabaseOptions & Bounds) {
    super(new ServiceTransport(binding, options), options);
    this.#binding = binding;
    this.#options = options;
  }

  get(name: string): D1Database {
    if (typeof name !== "string") throw new TypeError(`isolite: ${refusalOf(name, {})}`);
    return new D1Database(new ServiceTransport(this.#binding, this.#options, name), this.#options);
  }
}
