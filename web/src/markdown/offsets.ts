// The server counts Unicode code points, JavaScript counts UTF-16 units.

/** Turn ascending offsets in code points into offsets in UTF-16 units of `text`. */
export function toUnits(text: string, points: readonly number[]): number[] {
  const units: number[] = [];
  let unit = 0;
  let point = 0;
  for (const wanted of points) {
    while (point < wanted && unit < text.length) {
      unit += (text.codePointAt(unit) ?? 0) > 0xffff ? 2 : 1;
      point += 1;
    }
    units.push(unit);
  }
  return units;
}

/** Cut `text` at two offsets in code points: before, between, after. */
export function cutAt(text: string, start: number, end: number): [string, string, string] {
  const [from = 0, to = 0] = toUnits(text, [start, end]);
  return [text.slice(0, from), text.slice(from, to), text.slice(to)];
}
