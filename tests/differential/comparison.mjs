// What of an outcome must be the same everywhere, as text, because the order of keys counts as well.
//
// Of durations and of who served only the type counts; where it served D1 tells in production alone,
// and that it was no primary is not its way on one machine. Such an answer comes from a connection that
// wrote nothing, so that it has no last row; in Rust `meta` does not say who answered. Sizes count from
// that of the empty database, since what is left in there is each one's own.

const PLACES = ["served_by_region", "served_by_colo"];
const ANY = "any";

function comparableMeta(meta, sizeOfEmpty) {
  const kept = Object.entries(meta).filter(([key]) => !PLACES.includes(key));
  const changed = {
    served_by_primary: typeof meta.served_by_primary,
    ...(meta.served_by_primary !== true && meta.last_row_id === 0 && { last_row_id: ANY }),
    served_by: typeof meta.served_by,
    timings: Object.keys(meta.timings ?? {}),
    duration: typeof meta.duration,
    size_after: meta.size_after - sizeOfEmpty,
  };
  return Object.fromEntries(kept.map(([key, value]) => [key, changed[key] ?? value]));
}

function comparableValue(value, sizeOfEmpty) {
  if (Array.isArray(value)) return value.map((each) => comparableValue(each, sizeOfEmpty));
  if (value?.meta && "success" in value) {
    return { ...value, meta: comparableMeta(value.meta, sizeOfEmpty) };
  }
  // What exec answers.
  if (typeof value?.duration === "number" && "count" in value) {
    return { ...value, duration: "number" };
  }
  return value;
}

/** Whether two outcomes are the same, but for what a replica's answer leaves open. */
export function alike(expected, actual) {
  if (expected === actual) return true;
  const open = `"last_row_id":"${ANY}"`;
  return actual.includes(open) && actual === expected.replace(/"last_row_id":(-?\d+|"any")/g, open);
}

/** Each outcome of a case's answer as text. */
export function comparable({ error, size, outcomes }) {
  if (error) return [`the database could not be emptied: ${error.message}`];
  return outcomes.map((outcome) =>
    JSON.stringify(outcome.error ? outcome : { value: comparableValue(outcome.value, size) }),
  );
}
