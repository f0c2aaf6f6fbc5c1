/** Which time the charts are of. */

export const RANGES = {
  live: { title: "Live", text: "the last hour of samples", hours: 24 },
  day: { title: "24 hours", text: "24 hours", hours: 24 },
  week: { title: "7 days", text: "7 days", hours: 7 * 24 },
  month: { title: "30 days", text: "30 days", hours: 30 * 24 },
} as const;

export type RangeName = keyof typeof RANGES;
