// Changing the password: by choice, or before anything else after a one-time passphrase.

import { useState } from "preact/hooks";
import { send } from "../api/client.ts";
import { isProblem, isUnanswered } from "../api/problems.ts";
import { refresh } from "../api/session.ts";
import type { User } from "../schema.ts";
import { Suggest } from "../sign-in/suggest.tsx";
import { strings } from "../strings/index.ts";
import { useAttempt } from "../ui/attempt.ts";
import { FailureNote } from "../ui/failure.tsx";
import { PasswordField } from "../ui/form.tsx";
import { useHeading } from "../ui/heading.ts";
import { Submit } from "../ui/submit.tsx";
import { Wordmark } from "../ui/wordmark.tsx";
import { navigateUnasked } from "../unload.ts";
import { signInAnew } from "./anew.ts";
import { leave } from "./leaving.ts";

/** Whether nobody heard how a try ended: the new password may be the one that holds. */
let isTried = false;

async function change(user: User, current: string, next: string): Promise<void> {
  const body = { current_password: current, new_password: next };
  try {
    await send("put", "/api/auth/password", { body });
  } catch (error) {
    isTried ||= isUnanswered(error);
    const mayHold = isTried && isProblem(error, "invalid-credentials");
    if (!mayHold || !(await signInAnew(user, next))) throw error;
  }
  isTried = false;
}

/** Go on with a token that knows that the password was changed; loading anew brings one, too. */
const goOn = () => refresh().catch(() => navigateUnasked(() => location.reload()));

interface Props {
  user: User;
  onChanged: () => void | Promise<void>;
}

export function PasswordForm({ user, onChanged }: Props) {
  const s = strings.value;
  const [current, setCurrent] = useState("");
  const [next, setNext] = useState("");
  const [suggestion, setSuggestion] = useState("");
  const [isChanged, setChanged] = useState(false);
  const { isBusy, failure, attempt } = useAttempt();
  const submit = (event: Event) => {
    event.preventDefault();
    setChanged(false);
    attempt(async () => {
      await change(user, current, next);
      setChanged(true);
      setCurrent("");
      setNext("");
      await onChanged();
    });
  };
  const take = (passphrase: string) => {
    setNext(passphrase);
    setSuggestion(passphrase);
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
        hint={s.signIn.passwordHint}
        value={next}
        onInput={setNext}
        autocomplete="new-password"
        suggestion={suggestion}
      />
      <Suggest value={next} onSuggest={take} />
      {isChanged && (
        <p class="note" role="status">
          {s.account.changed}
        </p>
      )}
      {failure && <FailureNote failure={failure} />}
      <Submit label={s.account.change} isBusy={isBusy} failure={failure} />
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
      <PasswordForm user={user} onChanged={goOn} />
      <button type="button" class="link" onClick={leave}>
        {s.signOut}
      </button>
    </main>
  );
}
