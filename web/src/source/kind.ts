// What the pages of a file are called.

import { findFile } from "../files/store.ts";
import type { File as CourseFile } from "../schema.ts";

type Kind = CourseFile["page_kind"];

/** As the server tells it of what it reads (lib/domain/file_types.py). */
function kindByName(filename: string): Kind {
  const [, extension] = /\.([^.]*)$/.exec(filename.toLowerCase()) ?? [];
  if (extension === "pdf") return "page";
  return extension === "pptx" ? "slide" : "part";
}

/** Of a file that was deleted, or is not in the list yet, its name tells. */
export function kindOf(id: number, filename: string | undefined): Kind {
  return findFile(id)?.page_kind ?? (filename === undefined ? "page" : kindByName(filename));
}
