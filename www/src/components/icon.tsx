/** The few pictures of the console, as outlines of 24 by 24; each is beside a text that says the same. */

const PATHS = {
  sun: "M12 3v2M12 19v2M3 12h2M19 12h2M5.6 5.6 7 7M17 17l1.4 1.4M18.4 5.6 17 7M7 17l-1.4 1.4M12 8a4 4 0 1 0 0 8 4 4 0 0 0 0-8Z",
  moon: "M20 14.5A8.5 8.5 0 0 1 9.5 4 8.5 8.5 0 1 0 20 14.5Z",
  plus: "M12 5v14M5 12h14",
  search: "M11 4a7 7 0 1 0 0 14 7 7 0 0 0 0-14ZM16 16l4.5 4.5",
  close: "M6 6l12 12M18 6 6 18",
  fork: "M7 4v16M7 14c6 0 10-2 10-6V4M4.5 6.5 7 4l2.5 2.5M14.5 6.5 17 4l2.5 2.5",
  clock: "M12 4a8 8 0 1 0 0 16 8 8 0 0 0 0-16ZM12 8v4.5l3 2",
  trash: "M5 7h14M10 7V4.5h4V7M7 7l.8 12.5h8.4L17 7M10.5 11v5M13.5 11v5",
  download: "M12 4v11M7.5 11 12 15.5 16.5 11M5 20h14",
  copy: "M9 9h10v10H9zM15 9V5H5v10h4",
  exit: "M14 4h5v16h-5M4 12h10M8 8l-4 4 4 4",
} as const;

export type IconName = keyof typeof PATHS;

export function Icon({ name }: { name: IconName }) {
  return (
    <svg class="icon" viewBox="0 0 24 24" aria-hidden="true" focusable="false">
      <path d={PATHS[name]} />
    </svg>
  );
}

/** The sign of Isolite: a cube of layers. */
export function Sign() {
  return (
    <svg class="sign" viewBox="0 0 32 32" aria-hidden="true" focusable="false">
      <rect width="32" height="32" rx="8" />
      <path class="top" d="M16 6 25 11 16 16 7 11Z" />
      <path class="layer" d="M7 15.5 16 20.5 25 15.5" />
      <path class="layer faint" d="M7 20.5 16 25.5 25 20.5" />
    </svg>
  );
}
