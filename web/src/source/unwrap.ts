// The lines of a printed page are as long as the paper was wide; a screen has another width.

const FULL = 0.72;
const SHORTEST = 40;
const NEW_ITEM = /^\s*(?:[-*+•·–‣▪◦]|\d{1,3}[.)]|[a-z][.)])\s/i;

/** Whether the sentence flows from one line into the next. */
function flows(line: string, next: string, width: number): boolean {
  return line.length >= width * FULL && next.trim() !== "" && !NEW_ITEM.test(next);
}

/** Put a space for each line break that only the paper's width made. No offset changes. */
export function unwrap(text: string): string {
  const lines = text.split("\n");
  const width = Math.max(...lines.map((line) => line.length));
  if (width < SHORTEST) return text;
  return lines.reduce((joined, line, i) => {
    const before = lines[i - 1] ?? "";
    return joined + (flows(before, line, width) ? " " : "\n") + line;
  });
}
