// Saving a file. Not by navigating: without a connection the browser's own page would take the place of this one.

let frame: HTMLIFrameElement | null = null;

/** Let the browser save what a signed address sends as an attachment. */
export function download(url: string): void {
  frame ??= document.body.appendChild(document.createElement("iframe"));
  frame.hidden = true;
  frame.src = url;
}
