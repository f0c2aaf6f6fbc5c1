/**
 * The entry `isolite/wrangler-plugin`: makes a service binding a D1 database in `wrangler dev`.
 *
 * wrangler loads it in Node, for a service that names it under `dev.plugin`. What it answers goes
 * into workerd's configuration, where a wrapped binding puts the runtime's own D1 class over the
 * Isolite Worker, just as it stands over D1. When the Worker is deployed the plugin has no part, and
 * the binding is the service.
 *
 * The interface is miniflare's for plugins from outside. It has no published type.
 */

/** What wrangler hands on of the service: `dev.options`, and all of the binding but `props`. */
interface BindingOptions {
  service: string;
  entrypoint?: string;
  /** Under `dev.options`, the same as the binding's own. */
  props?: Record<string, unknown>;
}

interface WorkerOptions {
  config: {
    env?: Record<string, { dev?: { plugin?: { name: string }; options?: BindingOptions } }>;
  };
}

interface ServicesInput {
  options: WorkerOptions;
  /** The Workers that this `wrangler dev` runs. */
  workerNames: string[];
}

/** A binding as workerd's configuration has it. */
interface WrappedBinding {
  name: string;
  wrapped: {
    moduleName: string;
    innerBindings: {
      name: string;
      service: { name: string; entrypoint: string; props: { json: string } };
    }[];
  };
}

const PLUGIN = "isolite";

const isolite = {
  bindingTypeDescription: "Isolite database",

  getBindings(options: WorkerOptions): WrappedBinding[] {
    return databases(options).map(([name, binding]) => wrapped(name, binding));
  },

  /** Code in Node, as under `getPlatformProxy`, has no Workers to ask. */
  getNodeBindings(): Record<string, never> {
    return {};
  },

  /** Brings no service of its own; it is where the names of the Workers are known. */
  getServices({ options, workerNames }: ServicesInput): never[] {
    for (const [name, { service }] of databases(options)) {
      if (!workerNames.includes(service)) throw new Error(noWorker(name, service));
    }
    return [];
  },
};

export const plugins = { [PLUGIN]: isolite };

function databases({ config }: WorkerOptions): [name: string, binding: BindingOptions][] {
  return Object.entries(config.env ?? {}).flatMap(([name, { dev }]) =>
    dev?.plugin?.name === PLUGIN && dev.options ? [[name, dev.options]] : [],
  );
}

function wrapped(name: string, { service, entrypoint, props }: BindingOptions): WrappedBinding {
  if (entrypoint === undefined) throw new Error(`isolite: ${name} needs entrypoint = "Database"`);
  if (!props) throw new Error(noProps(name));
  // miniflare's name for the Worker `service`.
  const worker = `core:user:${service}`;
  const fetcher = { name: worker, entrypoint, props: { json: JSON.stringify(props) } };
  return {
    name,
    wrapped: {
      moduleName: "cloudflare-internal:d1-api",
      innerBindings: [{ name: "fetcher", service: fetcher }],
    },
  };
}

function noProps(name: string): string {
  return `isolite: wrangler keeps the props of ${name} from its plugin. Repeat them:
[services.dev.options]
props = { database = "<name>", create = true }`;
}

function noWorker(name: string, service: string): string {
  return `isolite: the Worker "${service}" behind ${name} must run in the same wrangler dev: \
wrangler dev -c wrangler.toml -c <the wrangler.toml of ${service}>`;
}
