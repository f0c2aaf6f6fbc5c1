/** Between light and dark. */

import { useEffect, useState } from "preact/hooks";
import { chooseTheme, currentTheme, onSystemTheme } from "../theme_choice.ts";
import { Icon } from "./icon.tsx";

export function ThemeSwitch() {
  const [theme, setTheme] = useState(currentTheme);
  useEffect(() => onSystemTheme(() => setTheme(currentTheme())), []);
  const other = theme === "dark" ? "light" : "dark";
  const choose = () => {
    chooseTheme(other);
    setTheme(other);
  };
  return (
    <button type="button" class="quiet" aria-label={`Use the ${other} theme`} onClick={choose}>
      <Icon name={other === "dark" ? "moon" : "sun"} />
    </button>
  );
}
