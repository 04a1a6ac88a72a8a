// Leaving the page: the browser asks first, in words of its own, where something would be lost.

let isAsked = false;
let isMeant = false;

function ask(event: BeforeUnloadEvent): void {
  if (!isMeant) event.preventDefault();
  isMeant = false;
}

/** Whether whoever leaves or reloads the page is to be asked first. */
export function askBeforeUnload(isToAsk: boolean): void {
  isAsked = isToAsk;
  // Listening only then: some browsers do not keep a page that listens to come back to.
  if (isToAsk) addEventListener("beforeunload", ask);
  else removeEventListener("beforeunload", ask);
}

/** Navigate without being asked: the page has to go. */
export function navigateUnasked(navigate: () => void): void {
  isMeant = isAsked;
  navigate();
}
