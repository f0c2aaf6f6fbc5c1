// The network between the Workers and the objects, as it treats the calls of each database: by the
// database's name it is honest, or stormy, or lies.
//
// A storm does what any network may do: it loses, delays and repeats pushes, and damages the
// commits that calls carry. A lie (lies.mjs) is a bug planted in what objects are asked or answer.
// Which database has which name is learnt from what the directory answers here.

import { conditions } from "./lies.mjs";
import { storm } from "./storm.mjs";

const KINDS = {
  ISOLITE_DIRECTORY: "directory",
  ISOLITE_PRIMARY: "primary",
  ISOLITE_REPLICA: "replica",
};

const nameOf = new Map();

/** `env` with objects that are called over the network. */
export function networked(env) {
  const namespaces = Object.entries(KINDS).map(([binding, kind]) => {
    return [binding, overNetwork(env[binding], kind)];
  });
  return { ...env, ...Object.fromEntries(namespaces) };
}

/** The name of a database whose object has this name, if it is known here. */
export function databaseOf(object) {
  return nameOf.get(object.split("/")[0]);
}

/** As much of a namespace as Isolite uses. */
function overNetwork(namespace, kind) {
  return {
    jurisdiction: (name) => overNetwork(namespace.jurisdiction(name), kind),
    getByName(object, options) {
      const stub = namespace.getByName(object, options);
      return { call: (...parts) => carry({ kind, object }, stub, parts) };
    },
  };
}

async function carry(to, stub, [path, body, session, have, ltx]) {
  const message = { path, body, session, have, ltx };
  const deliver = (it) => stub.call(it.path, it.body, it.session, it.have, it.ltx);
  if (to.kind === "directory") return learnt(await deliver(message));
  const { stormy, lie } = conditions(databaseOf(to.object));
  const send = stormy ? (it) => storm(to, it, deliver) : deliver;
  return lie ? lie(to, message, send) : send(message);
}

function learnt(answer) {
  const { uuid, name } = parsed(answer[0]);
  if (uuid && name) nameOf.set(uuid, name);
  return answer;
}

function parsed(text) {
  try {
    return JSON.parse(text) ?? {};
  } catch {
    return {};
  }
}
