// What a screen reader says without being asked: whole sentences, one after the other.

import { signal } from "@preact/signals";

const KEPT = 20;

let count = 0;
const sentences = signal<{ key: number; text: string }[]>([]);

export function announce(text: string): void {
  if (!text.trim()) return;
  count += 1;
  sentences.value = [...sentences.peek().slice(1 - KEPT), { key: count, text: text.trim() }];
}

export function Announcer() {
  return (
    <div class="visually-hidden" role="log" aria-live="polite" aria-relevant="additions">
      {sentences.value.map(({ key, text }) => (
        <p key={key}>{text}</p>
      ))}
    </div>
  );
}
