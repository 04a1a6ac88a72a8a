// The one question before something is gone for good.

import { effect, signal } from "@preact/signals";
import { useLayoutEffect, useRef } from "preact/hooks";
import { user } from "../api/session.ts";
import { strings } from "../strings/index.ts";

interface Question {
  title: string;
  text: string;
  action: string;
  run: () => void;
}

const question = signal<Question | null>(null);

// Nobody is left to answer it.
effect(() => {
  if (!user.value) question.value = null;
});

export function confirmFirst(asked: Question): void {
  question.value = asked;
}

export function Confirm() {
  const dialog = useRef<HTMLDialogElement>(null);
  const asked = question.value;
  // At once: the next key is its own already.
  useLayoutEffect(() => {
    if (asked) dialog.current?.showModal();
  }, [asked]);
  if (!asked) return null;
  const close = () => dialog.current?.close();
  const run = () => {
    close();
    asked.run();
  };
  return (
    <dialog
      ref={dialog}
      class="confirm"
      aria-labelledby="confirm-title"
      aria-describedby="confirm-text"
      onClose={() => {
        question.value = null;
      }}
    >
      <h2 id="confirm-title" dir="auto">
        {asked.title}
      </h2>
      <p id="confirm-text">{asked.text}</p>
      <div class="buttons">
        <button type="button" onClick={close}>
          {strings.value.cancel}
        </button>
        <button type="button" class="danger" onClick={run}>
          {asked.action}
        </button>
      </div>
    </dialog>
  );
}
