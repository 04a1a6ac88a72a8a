// Changing the password: by choice, or before anything else after a one-time passphrase.

import { useState } from "preact/hooks";
import { send } from "../api/client.ts";
import { asFailure, type Failure } from "../api/problems.ts";
import { refresh } from "../api/session.ts";
import type { User } from "../schema.ts";
import { suggestPassphrase } from "../sign-in/passphrase.ts";
import { strings } from "../strings/index.ts";
import { FailureNote } from "../ui/failure.tsx";
import { PasswordField } from "../ui/form.tsx";
import { useHeading } from "../ui/heading.ts";
import { Wordmark } from "../ui/wordmark.tsx";
import { leave } from "./leaving.ts";

async function change(current: string, next: string): Promise<void> {
  const body = { current_password: current, new_password: next };
  await send("put", "/api/auth/password", { body });
  // The new token knows that the password was changed.
  await refresh();
}

export function PasswordForm({ user }: { user: User }) {
  const s = strings.value;
  const [current, setCurrent] = useState("");
  const [next, setNext] = useState("");
  const [isSuggested, setSuggested] = useState(false);
  const [result, setResult] = useState<Failure | "changed" | null>(null);
  const submit = async (event: Event) => {
    event.preventDefault();
    setResult(null);
    try {
      await change(current, next);
      setResult("changed");
      setCurrent("");
      setNext("");
    } catch (error) {
      setResult(asFailure(error));
    }
  };
  const suggest = async () => {
    setNext(await suggestPassphrase());
    setSuggested(true);
  };
  return (
    <form onSubmit={submit}>
      <input hidden autocomplete="username" value={user.username} readOnly />
      <PasswordField
        label={s.account.current}
        value={current}
        onInput={setCurrent}
        autocomplete="current-password"
      />
      <PasswordField
        label={s.account.next}
        hint={isSuggested ? s.signIn.suggested : s.signIn.passwordHint}
        value={next}
        onInput={setNext}
        autocomplete="new-password"
        suggested={isSuggested}
      />
      <button type="button" class="link" onClick={suggest}>
        {s.signIn.suggest}
      </button>
      {result === "changed" && (
        <p class="note" role="status">
          {s.account.changed}
        </p>
      )}
      {result && result !== "changed" && <FailureNote failure={result} />}
      <button type="submit" class="primary">
        {s.account.change}
      </button>
    </form>
  );
}

export function MustChange({ user }: { user: User }) {
  const s = strings.value.account;
  const heading = useHeading(s.password);
  return (
    <main class="account">
      <Wordmark />
      <h1 ref={heading} tabIndex={-1}>
        {s.password}
      </h1>
      <p class="note">{s.mustChange}</p>
      <PasswordForm user={user} />
      <button type="button" class="link" onClick={leave}>
        {s.signOut}
      </button>
    </main>
  );
}
