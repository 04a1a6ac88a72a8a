// Where links lead: to http and https addresses, and nowhere else.

const BARE = /https?:\/\/[^\s<>"'`\ue000-\uf8ff]+/y;
const MOST = 2_000;
const LONGEST_LABEL = 300;

/** Without URL.canParse, which Safari has since 17. */
function readUrl(text: string): URL | null {
  try {
    return new URL(text);
  } catch {
    return null;
  }
}

export function parseUrl(text: string): URL | null {
  if (!/^https?:\/\//i.test(text) || text.length > MOST) return null;
  const url = readUrl(text);
  // A name before the host makes an address look like another one.
  return url?.username || url?.password ? null : url;
}

export interface Bracketed {
  label: string;
  target: string;
  end: number;
}

function closing(text: string, from: number, [open, close]: string, most: number): number {
  let depth = 0;
  const last = Math.min(text.length, from + most);
  for (let i = from; i < last; i += 1) {
    const character = text[i];
    if (character === "\\") i += 1;
    else if (character === open) depth += 1;
    else if (character === close) {
      depth -= 1;
      if (depth === 0) return i;
    }
  }
  return -1;
}

/** Read `[label](target "title")` at `from`. */
export function readBracketed(text: string, from: number): Bracketed | null {
  const middle = closing(text, from, "[]", LONGEST_LABEL);
  if (middle < 0 || text[middle + 1] !== "(") return null;
  const end = closing(text, middle + 1, "()", MOST);
  if (end < 0) return null;
  const [target = ""] = text
    .slice(middle + 2, end)
    .trim()
    .split(/\s/);
  return {
    label: text.slice(from + 1, middle),
    target: target.replace(/^<|>$/g, ""),
    end: end + 1,
  };
}

/** Read an address that stands in the text as it is; what ends the sentence is not part of it. */
export function readBare(text: string, from: number): string | null {
  if (!text.startsWith("http", from)) return null;
  BARE.lastIndex = from;
  let [found] = BARE.exec(text.slice(0, from + MOST)) ?? [];
  while (found && /[.,;:!?*_~\]}]$/.test(found)) found = found.slice(0, -1);
  if (found?.endsWith(")") && !found.includes("(")) found = found.slice(0, -1);
  return found && parseUrl(found) ? found : null;
}
