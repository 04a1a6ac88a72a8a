// Whether the browser says that it is online.

import { signal } from "@preact/signals";

export const isOnline = signal(navigator.onLine);

for (const name of ["online", "offline"]) {
  addEventListener(name, () => {
    isOnline.value = navigator.onLine;
  });
}
