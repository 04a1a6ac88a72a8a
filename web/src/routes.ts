// Where in the page we are, kept in the address so that a reload and the back button keep it too.
//
//   #/                                   a new chat
//   #/chat/<id>                          a chat
//   …/source/<file>/<page>[/<start>-<end>]   with a page of a file open beside it
//   #/account  #/register

import { batch, signal } from "@preact/signals";

export interface Place {
  file: number;
  page: number;
  /** The quoted words, as offsets in code points of the page's text. */
  quote: { start: number; end: number } | null;
}

export type Route =
  | { view: "study"; chat: string | null; place: Place | null }
  | { view: "account" }
  | { view: "register" };

const PLACE = /\/source\/(\d+)\/(\d+)(?:\/(\d+)-(\d+))?$/;
const CHAT = /^#\/chat\/([0-9a-f-]{36})(?:\/|$)/;

export function parse(hash: string): Route {
  if (hash === "#/account") return { view: "account" };
  if (hash === "#/register") return { view: "register" };
  const [, file, page, start, end] = PLACE.exec(hash) ?? [];
  const quote = start && end ? { start: Number(start), end: Number(end) } : null;
  return {
    view: "study",
    chat: CHAT.exec(hash)?.[1] ?? null,
    place: file && page ? { file: Number(file), page: Number(page), quote } : null,
  };
}

export function href(route: Route): string {
  if (route.view !== "study") return `#/${route.view}`;
  const chat = route.chat ? `/chat/${route.chat}` : "";
  const { place } = route;
  if (!place) return `#${chat || "/"}`;
  const quote = place.quote ? `/${place.quote.start}-${place.quote.end}` : "";
  return `#${chat}/source/${place.file}/${place.page}${quote}`;
}

export const route = signal(parse(location.hash));

/** How often somebody has moved: a new chat that gets its id is no move. */
export const moves = signal(0);

function move(to: Route): void {
  batch(() => {
    route.value = to;
    moves.value += 1;
  });
}

addEventListener("hashchange", () => {
  const to = parse(location.hash);
  // A step back that was made here already is told of once more.
  if (href(to) !== href(route.value)) move(to);
});

/** The chat and place that are open; none while another view is. */
export function studyRoute(): { chat: string | null; place: Place | null } {
  const now = route.value;
  return now.view === "study" ? now : { chat: null, place: null };
}

export function withPlace(place: Place | null): Route {
  return { view: "study", chat: studyRoute().chat, place };
}

/** One page of a source takes the place of another, so that the back button always closes it. */
function turnsPage(to: Route): boolean {
  return to.view === "study" && to.place !== null && studyRoute().place !== null;
}

export function go(to: Route, { replace = turnsPage(to) } = {}): void {
  if (replace) history.replaceState(history.state, "", href(to));
  else history.pushState({ isInner: true }, "", href(to));
  move(to);
}

/** A new chat has got its id, which its address takes on, unless the user has moved on. */
export function settle(chat: string): void {
  const now = route.value;
  if (now.view !== "study" || now.chat) return;
  const to = { ...now, chat };
  // What lies behind is the page before the first question: closing a source must not lead there.
  history.replaceState(null, "", href(to));
  route.value = to;
}

/** Leave what lies over the chat: back to where it was opened, or to the chat of a deep link. */
export function closePlace(): void {
  if (history.state?.isInner) {
    history.back();
    move(withPlace(null)); // at once: a second Escape would go back once more
  } else go(withPlace(null), { replace: true });
}

/** A click that opens no other tab or window. */
export function isPlain({ button, metaKey, ctrlKey, shiftKey }: MouseEvent): boolean {
  return button === 0 && !(metaKey || ctrlKey || shiftKey);
}

// Links stay links (they can be copied, or opened in another tab); a plain click goes through go().
addEventListener("click", (event) => {
  const target = event.target instanceof Element ? event.target.closest("a") : null;
  const hash = target?.getAttribute("href");
  if (!hash?.startsWith("#/") || !isPlain(event) || event.defaultPrevented) return;
  event.preventDefault();
  const to = parse(hash);
  if (hash !== location.hash) go(to);
  // Where one is already: what lies over it is to make way all the same.
  else move(to);
});
