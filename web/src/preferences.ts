// What this browser remembers: the theme. (The language is in strings/.)

import { effect, signal } from "@preact/signals";
import { recall, remember } from "./memory.ts";

export type Theme = "auto" | "light" | "dark";

const KEY = "lectern-theme";

function kept(): Theme {
  const value = recall("browser", KEY);
  return value === "light" || value === "dark" ? value : "auto";
}

export const theme = signal<Theme>(kept());

effect(() => {
  document.documentElement.dataset.theme = theme.value;
  remember("browser", KEY, theme.value === "auto" ? null : theme.value);
});
