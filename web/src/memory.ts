// What the browser remembers of the page: for good, or as long as the tab is there. One that is told to keep nothing
// raises an error at the very question.

const areas = { browser: () => localStorage, tab: () => sessionStorage };
type Area = keyof typeof areas;

export function recall(area: Area, key: string): string | null {
  try {
    return areas[area]().getItem(key);
  } catch {
    return null;
  }
}

/** Remember a value, or (null) forget it. Where there is no room, the page has it all the same. */
export function remember(area: Area, key: string, value: string | null): void {
  try {
    if (value === null) areas[area]().removeItem(key);
    else areas[area]().setItem(key, value);
  } catch {}
}

/** Whether the browser keeps anything at all: a session, too, rests on a cookie. */
export function canRemember(): boolean {
  try {
    return areas.browser() !== null;
  } catch {
    return false;
  }
}
