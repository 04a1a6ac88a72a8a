// Deleting the account, with the password as proof.

import { useEffect, useRef, useState } from "preact/hooks";
import { send } from "../api/client.ts";
import { end } from "../api/session.ts";
import type { User } from "../schema.ts";
import { strings } from "../strings/index.ts";
import { useAttempt } from "../ui/attempt.ts";
import { FailureNote } from "../ui/failure.tsx";
import { PasswordField } from "../ui/form.tsx";
import { Submit } from "../ui/submit.tsx";
import { receipt } from "./receipt.tsx";

async function erase(password: string): Promise<void> {
  receipt.value = await send("post", "/api/auth/erase", { body: { password } });
  end({ byItself: false });
}

function EraseDialog({ user, onClose }: { user: User; onClose: () => void }) {
  const s = strings.value;
  const dialog = useRef<HTMLDialogElement>(null);
  const [password, setPassword] = useState("");
  useEffect(() => dialog.current?.showModal(), []);
  const { isBusy, failure, attempt } = useAttempt();
  const submit = (event: Event) => {
    event.preventDefault();
    attempt(() => erase(password));
  };
  return (
    <dialog ref={dialog} class="confirm" aria-labelledby="erase-title" onClose={onClose}>
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
          <button type="button" onClick={() => dialog.current?.close()}>
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
