/** Light or dark: as the system has it, unless another one was chosen in this browser. */

export type Theme = "light" | "dark";

const KEY = "isolite-theme";
const systemIsDark = matchMedia("(prefers-color-scheme: dark)");

export function chosenTheme(): Theme | null {
  try {
    const kept = localStorage.getItem(KEY);
    return kept === "light" || kept === "dark" ? kept : null;
  } catch {
    return null; // A browser may keep nothing.
  }
}

export function applyTheme(chosen: Theme | null): void {
  if (chosen === null) delete document.documentElement.dataset["theme"];
  else document.documentElement.dataset["theme"] = chosen;
}

export function currentTheme(): Theme {
  return chosenTheme() ?? (systemIsDark.matches ? "dark" : "light");
}

/** The system's own theme is followed again once it is chosen. */
export function chooseTheme(theme: Theme): void {
  const chosen = theme === (systemIsDark.matches ? "dark" : "light") ? null : theme;
  try {
    if (chosen === null) localStorage.removeItem(KEY);
    else localStorage.setItem(KEY, chosen);
  } catch {
    // Then it lasts as long as the page.
  }
  applyTheme(chosen);
}

/** Calls back when the system changes; gives what ends that. */
export function onSystemTheme(changed: () => void): () => void {
  systemIsDark.addEventListener("change", changed);
  return () => systemIsDark.removeEventListener("change", changed);
}
