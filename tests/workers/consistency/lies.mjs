// Planted bugs: how the network lies about databases of certain names, and which guarantees are
// then broken. A checker that does not notice is no checker.
//
// A lie gets a call on its way to an object: who is called, the message, and how to send it on.
// Some lie to the Isolite Worker instead, in what an app's handle tells it. Pushes are lost where a
// replica would otherwise be so close behind that a bug hardly shows; that alone breaks nothing.

const chance = (probability) => Math.random() < probability;

const isPush = ({ path }) => path.startsWith("/push");
const isQuery = ({ path }) => path.startsWith("/query");
const isWrite = (message) => isQuery(message) && message.body.includes("UPDATE");
const isRead = (message) => isQuery(message) && !isWrite(message);

async function withoutPushes(to, message, send) {
  if (isPush(message)) throw new Error("pushes are lost");
  return send(message);
}

/** The path with one of its query's members changed. */
function changed(message, name, value) {
  const member = new RegExp(`([?&]${name}=)[^&]*`);
  return { ...message, path: message.path.replace(member, `$1${value}`) };
}

/** The last answers to queries in this isolate, by what is lied about. */
const kept = new Map();

const lies = {
  honest: {
    what: "nothing, but pushes are lost",
    caught_by: [],
    lie: withoutPushes,
  },
  forgotten_bookmarks: {
    what: "a region's replica is not told what its readers have seen",
    caught_by: ["read your writes", "monotonic reads"],
    lie(to, message, send) {
      if (to.kind !== "replica") return send(message);
      const session = message.session && "first-unconstrained";
      return withoutPushes(to, changed({ ...message, session }, "least", ""), send);
    },
  },
  forgotten_sessions: {
    what: "the Isolite Worker takes every session for a new one",
    caught_by: ["read your writes", "monotonic reads"],
    lie: withoutPushes,
    face: ([path, body, session, attendant]) => {
      const asked = session === null ? null : "first-unconstrained";
      return [path, body, asked, { ...attendant, seen: null }];
    },
  },
  forgotten_handles: {
    what: "the Isolite Worker is not told what a handle has seen",
    caught_by: ["read your writes", "monotonic reads"],
    lie: withoutPushes,
    face: ([path, body, session, attendant]) => [path, body, session, { ...attendant, seen: null }],
  },
  young_answers: {
    what: "a region's replica says that it is as new as can be",
    caught_by: ["bounded staleness"],
    // Writes and bookmarks would keep every isolate from growing old.
    clients: "sleepers",
    async lie(to, message, send) {
      const answer = await withoutPushes(to, message, send);
      if (to.kind === "replica") answer[4] = 0;
      return answer;
    },
  },
  boundless_questions: {
    what: "a region's replica may answer from however long ago",
    caught_by: ["bounded staleness"],
    async lie(to, message, send) {
      return withoutPushes(to, changed(message, "age_ms_max", "1000000000"), send);
    },
  },
  lost_writes: {
    what: "a write is acknowledged that never came to the primary",
    caught_by: ["exactly once"],
    async lie(to, message, send) {
      if (!isWrite(message)) return send(message);
      const before = kept.get("lost_writes");
      if (before && chance(0.2)) return before;
      const answer = await send(message);
      kept.set("lost_writes", answer);
      return answer;
    },
  },
  repeated_writes: {
    what: "a write is done twice",
    caught_by: ["exactly once"],
    async lie(to, message, send) {
      const answer = await send(message);
      return isWrite(message) && chance(0.2) ? send(message) : answer;
    },
  },
  old_answers: {
    what: "the answer to an earlier read is given again",
    caught_by: ["strict reads", "monotonic reads", "read your writes"],
    async lie(to, message, send) {
      if (!isRead(message)) return send(message);
      const key = `old_answers ${message.body}`;
      const before = kept.get(key);
      if (before && chance(0.3)) return before;
      const answer = await send(message);
      kept.set(key, answer);
      return answer;
    },
  },
  split_batches: {
    what: "the statements of a batch are sent one by one",
    caught_by: ["atomic batches"],
    async lie(to, message, send) {
      if (!isWrite(message)) return send(message);
      const { sql, queries } = JSON.parse(message.body);
      const answers = [];
      for (const [place, params] of queries) {
        const body = JSON.stringify({ sql: sql[place], params });
        answers.push(await send({ ...message, body }));
      }
      const replies = answers.map(([text]) => JSON.parse(text));
      const results = replies.flatMap((reply) => reply.results);
      const [, ...rest] = answers.at(-1);
      return [JSON.stringify({ ...replies.at(-1), results }), ...rest];
    },
  },
  swapped_bookmarks: {
    what: "a write's answer has the bookmark from before it",
    caught_by: ["read your writes", "bookmarks go forward"],
    async lie(to, message, send) {
      if (isPush(message)) throw new Error("pushes are lost");
      const answer = await send(message);
      if (to.kind === "primary" && isQuery(message)) {
        const before = kept.get("swapped_bookmarks") ?? answer[2];
        if (answer[2] !== undefined) kept.set("swapped_bookmarks", answer[2]);
        // Neither may the commits that come along tell.
        if (isWrite(message)) [answer[2], answer[3]] = [before, undefined];
      }
      return answer;
    },
  },
};

/** How the network treats a database of this name. */
export function conditions(name = "") {
  return { stormy: name.startsWith("stormy"), lie: lies[name]?.lie };
}

/** A binding whose calls tell the Isolite Worker what the database's lie makes of them. */
export function dishonest(name, { fetch, d1 }) {
  const face = lies[name]?.face;
  return face ? { fetch, d1: (...parts) => d1(...face(parts)) } : { fetch, d1 };
}

/**
 * Every lie: its database's name, what is wrong, which guarantees that breaks, and for which
 * clients.
 */
export const LIES = Object.entries(lies).map(([name, { what, caught_by, clients = "busy" }]) => {
  return { name, what, caught_by, clients };
});
