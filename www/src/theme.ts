/**
 * The theme that was chosen, before the first paint: a script of its own, since modules run later.
 */

import { applyTheme, chosenTheme } from "./theme_choice.ts";

applyTheme(chosenTheme());
