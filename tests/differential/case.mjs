// The words that a topic is written in. A topic is a noun and its cases, a case a name and calls.
//
// A call is a text, which is a statement without values; an array, a statement and its values; or a
// step of the contract's vocabulary. What must come of it is nowhere said: it is what D1 answers.

const request = (call) => {
  if (typeof call === "string") return { call: "all", sql: call };
  if (Array.isArray(call)) return { call: "all", sql: call[0], params: call.slice(1) };
  return call.request;
};

export const topic = (noun, cases) =>
  Object.entries(cases).map(([name, calls]) => ({
    name: `${noun}: ${name}`,
    steps: calls.map(request),
  }));

/** The same text many times. */
export const times = (count, text, separator = ", ") => Array(count).fill(text).join(separator);
