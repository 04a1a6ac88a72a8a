// Deleting the account, with the password as proof.

import { useLayoutEffect, useRef, useState } from "preact/hooks";
import { send } from "../api/client.ts";
import { isUnanswered, Problem } from "../api/problems.ts";
import { end } from "../api/session.ts";
import type { Receipt, User } from "../schema.ts";
import { strings } from "../strings/index.ts";
import { useAttempt } from "../ui/attempt.ts";
import { FailureNote } from "../ui/failure.tsx";
import { PasswordField } from "../ui/form.tsx";
import { Submit } from "../ui/submit.tsx";
import { signInAnew } from "./anew.ts";
import { receipt } from "./receipt.tsx";

/** Whether nobody heard how a try ended; it is not forgotten with the dialog. */
let isTried = false;

const ask = (password: string) => send("post", "/api/auth/erase", { body: { password } });

/** Whether the session is over: a wrong password is a 401, too. */
const isOver = (error: unknown) =>
  error instanceof Problem && error.status === 401 && error.slug !== "invalid-credentials";

/**
 * Ask once more: the try before may have deleted the account, and the receipt is lost then.
 *
 * A session also ends from elsewhere: an account that lets its user in is there to be deleted. This
 * comes first, because a session that is found to be over takes the dialog away.
 */
async function askAgain(user: User, password: string): Promise<Receipt | "lost"> {
  const isThere = await signInAnew(user, password);
  try {
    return await ask(password);
  } catch (error) {
    if (!isThere && isOver(error)) return "lost";
    throw error;
  }
}

async function erase(user: User, password: string): Promise<void> {
  try {
    receipt.value = await (isTried ? askAgain(user, password) : ask(password));
  } catch (error) {
    isTried ||= isUnanswered(error);
    throw error;
  }
  end({ byItself: false });
}

function EraseDialog({ user, onClose }: { user: User; onClose: () => void }) {
  const s = strings.value;
  const dialog = useRef<HTMLDialogElement>(null);
  const [password, setPassword] = useState("");
  useLayoutEffect(() => dialog.current?.showModal(), []);
  const { isBusy, failure, attempt } = useAttempt();
  const submit = (event: Event) => {
    event.preventDefault();
    attempt(() => erase(user, password));
  };
  // What is under way cannot be called back: nothing may look as if it could.
  const stay = (event: Event) => isBusy && event.preventDefault();
  // The browser asks once whether to close; at the next Escape it does.
  const hear = (event: KeyboardEvent) => event.key === "Escape" && stay(event);
  return (
    <dialog
      ref={dialog}
      class="confirm"
      aria-labelledby="erase-title"
      onCancel={stay}
      onKeyDown={hear}
      onClose={onClose}
    >
      <form onSubmit={submit}>
        <h2 id="erase-title">{s.account.eraseTitle}</h2>
        <p>{s.account.eraseText}</p>
        <input hidden autocomplete="username" value={user.username} readOnly />
        <PasswordField
          label={s.account.erasePassword}
          value={password}
          onInput={setPassword}
          autocomplete="current-password"
        />
        {failure && <FailureNote failure={failure} />}
        <div class="buttons">
          <button
            type="button"
            aria-disabled={isBusy || undefined}
            onClick={isBusy ? undefined : () => dialog.current?.close()}
          >
            {s.cancel}
          </button>
          <Submit isDangerous label={s.account.eraseConfirm} isBusy={isBusy} failure={failure} />
        </div>
      </form>
    </dialog>
  );
}

export function Erase({ user }: { user: User }) {
  const s = strings.value.account;
  const [isOpen, setOpen] = useState(false);
  return (
    <>
      <p>{s.eraseText}</p>
      <button type="button" class="danger" onClick={() => setOpen(true)}>
        {s.eraseDo}
      </button>
      {isOpen && <EraseDialog user={user} onClose={() => setOpen(false)} />}
    </>
  );
}
