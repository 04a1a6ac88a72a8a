// Markdown within a paragraph. One pass: a mark whose end is missed once is not looked for again.

import { splitChips, withoutChips } from "./chips.ts";
import { parseUrl, readBare, readBracketed } from "./links.ts";
import { closes, isWord, KINDS, markAt, opens } from "./marks.ts";
import type { Inline } from "./nodes.ts";

const DEEPEST = 12;
const PUNCTUATION = /[!-/:-@[-`{-~]/;

class Scanner {
  private readonly nodes: Inline[] = [];
  private buffer = "";
  private at = 0;
  private readonly missed = new Set<string>();

  constructor(
    private readonly text: string,
    private readonly depth: number,
    private readonly mayLink: boolean,
  ) {}

  scan(): Inline[] {
    while (this.at < this.text.length) {
      if (!this.special()) {
        this.buffer += this.text[this.at];
        this.at += 1;
      }
    }
    this.flush();
    return this.nodes;
  }

  private special(): boolean {
    switch (this.text[this.at]) {
      case "\\":
        return this.escape();
      case "`":
        return this.code();
      case "$":
        return this.math("$$", "$$", true) || this.dollars();
      case "*":
      case "_":
      case "~":
        return this.emphasis();
      case "!":
        return this.image();
      case "[":
        return this.link();
      case "<":
      case "h":
        return this.address();
      case "\n":
        return this.lineEnd();
      default:
        return false;
    }
  }

  private flush(): void {
    for (const piece of splitChips(this.buffer)) {
      if (typeof piece === "string") this.nodes.push({ kind: "text", text: piece });
      else this.nodes.push({ kind: "chip", ...piece });
    }
    this.buffer = "";
  }

  private push(node: Inline, end: number): true {
    this.flush();
    this.nodes.push(node);
    this.at = end;
    return true;
  }

  /** Find `mark` from `from` on, where `fits`. */
  private find(mark: string, from: number, fits: (at: number) => boolean): number {
    if (this.missed.has(mark)) return -1;
    let found = this.text.indexOf(mark, from);
    while (found >= 0 && !fits(found)) found = this.text.indexOf(mark, found + 1);
    if (found < 0) this.missed.add(mark);
    return found;
  }

  private inner(from: number, to: number, mayLink = this.mayLink): Inline[] {
    const text = this.text.slice(from, to);
    if (this.depth < DEEPEST) return new Scanner(text, this.depth + 1, mayLink).scan();
    return [{ kind: "text", text: withoutChips(text) }];
  }

  private escape(): boolean {
    const next = this.text[this.at + 1] ?? "";
    if (next === "(" && this.math("\\(", "\\)", false)) return true;
    if (next === "[" && this.math("\\[", "\\]", true)) return true;
    if (next === "\n") return this.push({ kind: "break" }, this.at + 2);
    if (!PUNCTUATION.test(next)) return false;
    this.buffer += next;
    this.at += 2;
    return true;
  }

  private code(): boolean {
    const run = /^`+/.exec(this.text.slice(this.at, this.at + 20))?.[0] ?? "`";
    const from = this.at + run.length;
    const end = this.find(
      run,
      from,
      (at) => this.text[at - 1] !== "`" && this.text[at + run.length] !== "`",
    );
    if (end < 0) {
      this.buffer += run;
      this.at = from;
      return true;
    }
    return this.push({ kind: "code", text: this.text.slice(from, end).trim() }, end + run.length);
  }

  /** A formula, and after it the chips that stood in it. */
  private math(open: string, close: string, isDisplay: boolean): boolean {
    if (!this.text.startsWith(open, this.at)) return false;
    const from = this.at + open.length;
    const end = this.find(close, from, (at) => at > from);
    return end >= 0 && this.formula(from, end, end + close.length, isDisplay);
  }

  private dollars(): boolean {
    const from = this.at + 1;
    if (/\s/.test(this.text[from] ?? " ")) return false;
    // The next sign ends it, or it is none: from a price to the formula behind it is no formula.
    const end = this.find("$", from, (at) => this.text[at - 1] !== "\\");
    return this.mayEnd(from, end) && this.formula(from, end, end + 1, false);
  }

  /** No price begins where a formula ends, nor does a bracket open there. */
  private mayEnd(from: number, end: number): boolean {
    const tex = this.text.slice(from, end);
    const isWhole = end > from && !/(?:\s|(?<!\\)[([{])$/.test(tex) && !tex.includes("\n\n");
    return isWhole && !/\d/.test(this.text[end + 1] ?? "");
  }

  private formula(from: number, to: number, end: number, isDisplay: boolean): true {
    const tex = this.text.slice(from, to);
    this.push({ kind: "math", tex: withoutChips(tex).trim(), isDisplay }, end);
    for (const piece of splitChips(tex)) {
      if (typeof piece !== "string") this.nodes.push({ kind: "chip", ...piece });
    }
    return true;
  }

  private emphasis(): boolean {
    const mark = markAt(this.text, this.at);
    if (!mark || mark === "***") return mark ? this.both() : false;
    if (!opens(this.text, mark, this.at) || this.depth >= DEEPEST) return false;
    const from = this.at + mark.length;
    const end = this.find(mark, from, (at) => at > from && closes(this.text, mark, at));
    if (end < 0) return false;
    return this.push({ kind: KINDS[mark], children: this.inner(from, end) }, end + mark.length);
  }

  private both(): boolean {
    const from = this.at + 3;
    const end = this.find("***", from, (at) => at > from);
    if (end < 0) return false;
    const children: Inline[] = [{ kind: "em", children: this.inner(from, end) }];
    return this.push({ kind: "strong", children }, end + 3);
  }

  private image(): boolean {
    const found = this.text[this.at + 1] === "[" ? readBracketed(this.text, this.at + 1) : null;
    if (!found) return false;
    return this.push({ kind: "image", name: withoutChips(found.label) }, found.end);
  }

  private link(): boolean {
    const found = readBracketed(this.text, this.at);
    if (!found) return false;
    const labelEnd = this.at + 1 + found.label.length;
    const children = this.inner(this.at + 1, labelEnd, false);
    const url = this.mayLink ? parseUrl(withoutChips(found.target)) : null;
    if (url) return this.push({ kind: "link", url, children }, found.end);
    this.flush();
    this.nodes.push(...children);
    this.at = found.end;
    return true;
  }

  private address(): boolean {
    if (!this.mayLink || isWord(this.text, this.at - 1)) return false;
    const isBracketed = this.text[this.at] === "<";
    const found = readBare(this.text, this.at + (isBracketed ? 1 : 0));
    const url = found && parseUrl(found);
    if (!found || !url) return false;
    const end = this.at + found.length + (isBracketed ? 1 : 0);
    const children: Inline[] = [{ kind: "text", text: found }];
    return this.push(
      { kind: "link", url, children },
      isBracketed && this.text[end] === ">" ? end + 1 : end,
    );
  }

  private lineEnd(): boolean {
    if (!this.buffer.endsWith("  ")) return false;
    this.buffer = this.buffer.trimEnd();
    return this.push({ kind: "break" }, this.at + 1);
  }
}

export function parseInlines(text: string): Inline[] {
  return new Scanner(text, 0, true).scan();
}
