// Whether the primaries of a Worker do long work: imports, exports, restores and forks.

/** For `test`'s option `skip`: false, or why there is nothing to test. */
export async function withoutJobs(rest, name) {
  const { uuid } = await rest.create(name);
  const { envelope } = await rest.request("GET", `/${uuid}/jobs`);
  const error = envelope?.errors?.[0]?.message ?? "";
  return error.includes("No such path") && "the primary has no jobs";
}
