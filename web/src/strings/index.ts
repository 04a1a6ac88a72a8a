// The language of the page, and its texts.

import { computed, effect, signal } from "@preact/signals";
import { type Failure, Problem, UNNAMED } from "../api/problems.ts";
import { recall, remember } from "../memory.ts";
import { de } from "./de.ts";
import { en } from "./en.ts";

export type Strings = typeof en;
export type Language = "en" | "de";

export const languages: Record<Language, Strings> = { en, de };

const KEY = "lectern-language";

function preferred(): Language {
  const wanted = [recall("browser", KEY), ...navigator.languages];
  const known = wanted.map((tag) => tag?.slice(0, 2)).find((tag) => tag === "en" || tag === "de");
  return known === "de" ? "de" : "en";
}

export const language = signal<Language>(preferred());
export const strings = computed(() => languages[language.value]);

/** How the user writes dates in the language of the page: a Briton's 28 Nov is no American's Nov 28. */
const locale = computed(
  () => navigator.languages.find((tag) => tag.startsWith(language.value)) ?? language.value,
);

effect(() => {
  document.documentElement.lang = language.value;
  document.documentElement.dir = strings.value.direction;
});

export function chooseLanguage(chosen: Language): void {
  remember("browser", KEY, chosen);
  language.value = chosen;
}

/** How an entry has to be that the server calls invalid: its own words are for developers. */
function explainEntry({ pointer }: Problem): string | undefined {
  const entries: Record<string, string> = strings.value.entries;
  return pointer === null ? undefined : entries[pointer];
}

/** What to tell the user: the server's own words in English, ours in other languages. */
export function explain(failure: Failure): string {
  const s = strings.value;
  if (!(failure instanceof Problem)) return s.unreachable;
  const entry = failure.slug === "invalid-request" ? explainEntry(failure) : undefined;
  if (entry) return entry;
  if (failure.slug !== UNNAMED) return s.problems[failure.slug] ?? failure.message;
  return failure.status >= 500 ? s.serverFailed : s.serverRefused(failure.status);
}

export function formatDate(iso: string): string {
  return new Date(iso).toLocaleDateString(locale.value, { dateStyle: "medium" });
}

export function formatTime(iso: string): string {
  const styles = { dateStyle: "medium", timeStyle: "short" } as const;
  return new Date(iso).toLocaleString(locale.value, styles);
}

/** A day as one says it: the time if it was today, the date if not, with the year if it was in another. */
export function formatMoment(iso: string): string {
  const date = new Date(iso);
  const today = new Date();
  if (date.toDateString() === today.toDateString())
    return date.toLocaleTimeString(locale.value, { timeStyle: "short" });
  if (date.getFullYear() !== today.getFullYear()) return formatDate(iso);
  return date.toLocaleDateString(locale.value, { day: "numeric", month: "short" });
}
