// Bad weather: what a network may do to calls without any promise of Isolite being broken.
//
// Commits travel with a checksum, and nothing may depend on a push but how soon it is there.

const LOST = 0.05;
const LATE = 0.2;
const LATE_MS_MAX = 120;
const TWICE = 0.1;
const DAMAGED = 0.01;

const chance = (probability) => Math.random() < probability;

export async function storm(to, message, deliver) {
  if (!message.path.startsWith("/push")) return damaged(await deliver(message));
  if (chance(LATE)) await scheduler.wait(Math.random() * LATE_MS_MAX);
  if (chance(LOST)) throw new Error("the storm has lost a push");
  const sent = { ...message, ltx: spoilt(message.ltx) };
  const answer = await deliver(sent);
  return chance(TWICE) ? deliver(sent) : answer;
}

function damaged([text, status, bookmark, commits, age_ms]) {
  return [text, status, bookmark, spoilt(commits), age_ms];
}

/** Commits with a wrong byte, once in a while. */
function spoilt(ltx) {
  if (!ltx?.length || !chance(DAMAGED)) return ltx;
  const copy = ltx.slice();
  copy[Math.floor(Math.random() * copy.length)] ^= 1 << Math.floor(Math.random() * 8);
  return copy;
}
