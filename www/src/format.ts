/** Numbers, sizes and times as people read them, in the browser's language. */

const UNITS = ["byte", "kilobyte", "megabyte", "gigabyte", "terabyte"] as const;

export function bytes(count: number): string {
  const power = count < 1 ? 0 : Math.min(Math.floor(Math.log10(count) / 3), UNITS.length - 1);
  return new Intl.NumberFormat(undefined, {
    style: "unit",
    unit: UNITS[power] ?? "byte",
    unitDisplay: power === 0 ? "long" : "short",
    maximumFractionDigits: count / 1_000 ** power < 10 && power > 0 ? 1 : 0,
  }).format(count / 1_000 ** power);
}

export const whole = (count: number): string => new Intl.NumberFormat().format(count);

/** 12,345,678 as 12M, where there is little room. */
export const short = (count: number): string =>
  new Intl.NumberFormat(undefined, { notation: "compact", maximumFractionDigits: 1 }).format(count);

export const time = (text: string | number): string =>
  new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" })
    .format(new Date(text));

export const day = (text: string): string =>
  new Intl.DateTimeFormat(undefined, { dateStyle: "medium" }).format(new Date(text));

/** A duration of a few of them, or of a part of one. */
export const milliseconds = (count: number): string =>
  `${new Intl.NumberFormat(undefined, { maximumSignificantDigits: 3 }).format(count)} ms`;

/** So many each second. */
export const perSecond = (count: number): string =>
  `${new Intl.NumberFormat(undefined, { maximumSignificantDigits: 3 }).format(count)}/s`;

/** Microseconds, as milliseconds where they are many. */
export const us = (count: number): string =>
  count < 1_000 ? `${count < 10 ? Math.round(count * 10) / 10 : Math.round(count)} µs` : milliseconds(count / 1_000);

const AGES = [["day", 86_400_000], ["hour", 3_600_000], ["minute", 60_000]] as const;

/** How long ago something was. */
export function ago(age_ms: number): string {
  const [unit, size] = AGES.find(([, each]) => age_ms >= each) ?? ["second", 1_000];
  return new Intl.RelativeTimeFormat(undefined, { numeric: "always" })
    .format(-Math.round(age_ms / size), unit);
}
