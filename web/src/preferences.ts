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

/** What a phone's browser draws its bars in: one for each theme of the system, as index.html has them. */
const bars = [...document.querySelectorAll<HTMLMetaElement>("meta[name=theme-color]")].map(
  (bar) => ({ bar, theme: bar.media.includes("dark") ? "dark" : "light", colour: bar.content }),
);

function paintBars(): void {
  for (const { bar, theme: own } of bars) {
    const shown = theme.value === "auto" ? own : theme.value;
    bar.content = bars.find((other) => other.theme === shown)?.colour ?? bar.content;
  }
}

effect(() => {
  document.documentElement.dataset.theme = theme.value;
  paintBars();
  remember("browser", KEY, theme.value === "auto" ? null : theme.value);
});
