// Signing in and making an account.

import { useLayoutEffect, useRef, useState } from "preact/hooks";
import { knock } from "../api/client.ts";
import { isProblem, isUnanswered } from "../api/problems.ts";
import { begin, wasEnded } from "../api/session.ts";
import { canRemember } from "../memory.ts";
import { go, route } from "../routes.ts";
import type { TokenReply } from "../schema.ts";
import { strings } from "../strings/index.ts";
import { useAttempt } from "../ui/attempt.ts";
import { FailureNote } from "../ui/failure.tsx";
import { Field, PasswordField } from "../ui/form.tsx";
import { useHeading } from "../ui/heading.ts";
import { Submit } from "../ui/submit.tsx";
import { Switches } from "../ui/switches.tsx";
import { Wordmark } from "../ui/wordmark.tsx";
import { Suggest } from "./suggest.tsx";

// What the server takes (lib/domain/usernames.py); said here, beside the field.
const USERNAME = /^[A-Za-z0-9._-]{3,32}$/;

interface Entry {
  username: string;
  password: string;
  code: string;
}

const signIn = ({ username, password }: Entry) =>
  knock("/api/auth/login", { username: username.trim(), password });

const signUp = ({ username, password, code }: Entry) =>
  knock("/api/auth/register", {
    username: username.trim(),
    password,
    signup_code: code.trim() || null,
  });

/** Sign up once more where nobody heard how that ended: the name may be taken by the account itself. */
async function signUpAgain(entry: Entry): Promise<TokenReply> {
  try {
    return await signUp(entry);
  } catch (taken) {
    if (!isProblem(taken, "username-taken")) throw taken;
    return signIn(entry).catch((error: unknown) => {
      throw isProblem(error, "invalid-credentials") ? taken : error;
    });
  }
}

const isSame = (one: Entry, other: Entry | null) =>
  one.username.trim() === other?.username.trim() && one.password === other.password;

/** Return how to sign up with an entry, which remembers the one that was sent last without a reply. */
function useSignUp() {
  const unanswered = useRef<Entry | null>(null);
  return async (entry: Entry) => {
    try {
      begin(await (isSame(entry, unanswered.current) ? signUpAgain : signUp)(entry));
    } catch (error) {
      if (isUnanswered(error)) unanswered.current = entry;
      throw error;
    }
    go({ view: "study", chat: null, place: null }, { replace: true });
  };
}

/** Asked for only where the server has said that it takes one: most places need none. */
function CodeField({ code, onInput }: { code: string; onInput: (code: string) => void }) {
  const s = strings.value.signIn;
  const place = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => place.current?.querySelector("input")?.focus(), []);
  return (
    <div ref={place}>
      <Field label={s.code} hint={s.codeHint} value={code} onInput={onInput} autocomplete="off" />
    </div>
  );
}

function SignInForm({ isNew }: { isNew: boolean }) {
  const s = strings.value.signIn;
  const [entry, setEntry] = useState<Entry>({ username: "", password: "", code: "" });
  const [suggestion, setSuggestion] = useState("");
  const { isBusy, failure, setFailure, attempt } = useAttempt();
  const [needsCode, setNeedsCode] = useState(false);
  const [isMisnamed, setMisnamed] = useState(false);
  const change = (part: Partial<Entry>) => setEntry((now) => ({ ...now, ...part }));
  const rename = (username: string) => {
    change({ username });
    // Another name need not wait for this one.
    setFailure(null);
  };

  const makeAccount = useSignUp();
  const tryToEnter = async () => {
    try {
      if (isNew) await makeAccount(entry);
      else begin(await signIn(entry));
    } catch (error) {
      if (isProblem(error, "signup-refused")) setNeedsCode(true);
      throw error;
    }
  };
  const submit = (event: Event) => {
    event.preventDefault();
    setFailure(null);
    const misnamed = isNew && !USERNAME.test(entry.username.trim());
    setMisnamed(misnamed);
    if (!misnamed) attempt(tryToEnter);
  };
  const take = (password: string) => {
    change({ password });
    setSuggestion(password);
  };

  return (
    <form onSubmit={submit}>
      <Field
        label={s.username}
        {...(isNew ? { hint: s.usernameHint } : {})}
        value={entry.username}
        onInput={rename}
        autocomplete="username"
        wrong={isMisnamed ? s.usernameWrong : null}
      />
      <PasswordField
        label={s.password}
        {...(isNew ? { hint: s.passwordHint } : {})}
        value={entry.password}
        onInput={(password) => change({ password })}
        autocomplete={isNew ? "new-password" : "current-password"}
        suggestion={suggestion}
      />
      {isNew && <Suggest value={entry.password} onSuggest={take} />}
      {needsCode && <CodeField code={entry.code} onInput={(code) => change({ code })} />}
      {failure && <FailureNote failure={failure} />}
      <Submit label={isNew ? s.create : s.enter} isBusy={isBusy} failure={failure} />
    </form>
  );
}

/** Said as Lectern itself says things: with a note to each sentence. */
function Tagline() {
  return (
    <p class="tagline">
      {strings.value.tagline.map((sentence, index) => (
        <span key={sentence}>
          {sentence}
          <sup aria-hidden="true">{index + 1}</sup>{" "}
        </span>
      ))}
    </p>
  );
}

export function SignIn() {
  const s = strings.value;
  const isNew = route.value.view === "register";
  const title = isNew ? s.signIn.titleNew : s.signIn.title;
  const heading = useHeading(title);
  return (
    <div class="threshold">
      <header>
        <Wordmark />
        <Tagline />
      </header>
      <main>
        <h1 ref={heading} tabIndex={-1}>
          {title}
        </h1>
        {wasEnded.value && !isNew && (
          <p class="note" role="status">
            {s.signIn.ended}
          </p>
        )}
        {!canRemember() && <p class="note">{s.signIn.forgetful}</p>}
        <SignInForm key={String(isNew)} isNew={isNew} />
        <p>
          <a href={isNew ? "#/" : "#/register"}>{isNew ? s.signIn.toOld : s.signIn.toNew}</a>
        </p>
      </main>
      <footer>
        <ol class="promises">
          {s.signIn.promise.map((promise) => (
            <li key={promise}>{promise}</li>
          ))}
        </ol>
        <Switches />
      </footer>
    </div>
  );
}
