// What Markdown is parsed into. Nothing here can hold markup, an image or an address other than a link's.

export type Inline =
  | { kind: "text"; text: string }
  | { kind: "chip"; citation: number }
  | { kind: "code"; text: string }
  | { kind: "strong" | "em" | "del"; children: Inline[] }
  | { kind: "link"; url: URL; children: Inline[] }
  | { kind: "image"; name: string }
  | { kind: "math"; tex: string; isDisplay: boolean }
  | { kind: "break" };

export type Align = "start" | "center" | "end";

export type Block =
  | { kind: "heading"; level: number; children: Inline[] }
  | { kind: "paragraph"; children: Inline[] }
  | { kind: "quote"; children: Block[] }
  | { kind: "list"; start: number | null; items: Block[][] }
  | { kind: "code"; text: string }
  | { kind: "table"; align: Align[]; head: Inline[][]; rows: Inline[][][] }
  | { kind: "math"; tex: string }
  | { kind: "rule" };
