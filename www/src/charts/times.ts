/** Times as charts and their tables tell them, in the browser's time zone and language. */

const DAY_S = 86_400;
const MINUTE_S = 60;

const formats = {
  day: new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short" }),
  minute: new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit" }),
  second: new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit", second: "2-digit" }),
  whole: new Intl.DateTimeFormat(undefined, {
    day: "numeric", month: "short", hour: "2-digit", minute: "2-digit",
  }),
};

/** Below an axis whose marks are so far apart. */
export function axisTimes(times_s: number[], step_s: number): string[] {
  const { day, minute, second } = formats;
  const chosen = step_s >= DAY_S ? day : step_s >= MINUTE_S ? minute : second;
  return times_s.map((time_s) => {
    const time = new Date(time_s * 1_000);
    // At midnight the date says more.
    const isMidnight = time.getHours() === 0 && time.getMinutes() === 0 && time.getSeconds() === 0;
    return (isMidnight ? day : chosen).format(time);
  });
}

/** Of an hour, or of a sample. */
export const pointTime = (time_s: number, kind: "bars" | "line"): string =>
  (kind === "bars" ? formats.whole : formats.second).format(new Date(time_s * 1_000));
