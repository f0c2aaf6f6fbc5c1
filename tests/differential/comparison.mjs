// What of an outcome must be the same everywhere, as text, because the order of keys counts as well.
//
// Left out are durations, which are never the same, and who served, which must not be. Sizes count
// from that of the empty database, since D1 keeps tables of its own in there.

const SERVED = ["served_by", "served_by_primary", "served_by_region", "served_by_colo", "timings"];

function comparableMeta(meta, sizeOfEmpty) {
  const kept = Object.entries(meta).filter(([key]) => !SERVED.includes(key));
  const changed = { duration: "number", size_after: meta.size_after - sizeOfEmpty };
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

/** Each outcome of a case's answer as text. */
export function comparable({ error, size, outcomes }) {
  if (error) return [`the database could not be emptied: ${error.message}`];
  return outcomes.map((outcome) =>
    JSON.stringify(outcome.error ? outcome : { value: comparableValue(outcome.value, size) }),
  );
}
