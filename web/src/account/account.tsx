// The account: appearance, sessions, password, data, and the end of it.

import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import { download } from "../api/downloads.ts";
import type { User } from "../schema.ts";
import { formatDate, strings } from "../strings/index.ts";
import { useAttempt } from "../ui/attempt.ts";
import { QuietButton } from "../ui/button.tsx";
import { FailureNote } from "../ui/failure.tsx";
import { useHeading } from "../ui/heading.ts";
import { Icon } from "../ui/icon.tsx";
import { Switches } from "../ui/switches.tsx";
import { Erase } from "./erase.tsx";
import { leave } from "./leaving.ts";
import { PasswordForm } from "./password.tsx";
import { SessionList } from "./sessions.tsx";

export function Section({ title, children }: { title: string; children: ComponentChildren }) {
  return (
    <section class="account-section">
      <h2>{title}</h2>
      <div>{children}</div>
    </section>
  );
}

function Export() {
  const s = strings.value.account;
  const { isBusy, failure, attempt } = useAttempt();
  return (
    <>
      <p>{s.exportText}</p>
      {failure && <FailureNote failure={failure} />}
      <QuietButton
        icon="download"
        label={isBusy ? s.exporting : s.exportDo}
        disabled={isBusy}
        onClick={() => attempt(() => download("/api/auth/export"))}
      />
    </>
  );
}

export function Account({ user }: { user: User }) {
  const s = strings.value;
  const heading = useHeading(s.account.title);
  const [changes, setChanges] = useState(0);
  return (
    <main class="account">
      <a class="quiet" href="#/">
        <Icon name="back" />
        {s.side.back}
      </a>
      <header>
        <h1 ref={heading} tabIndex={-1}>
          {s.account.title}
        </h1>
        <p>
          <span dir="auto">{user.username}</span> · {s.account.since(formatDate(user.created_at))}
        </p>
        <button type="button" onClick={leave}>
          {s.account.signOut}
        </button>
      </header>
      <Section title={s.account.appearance}>
        <Switches />
      </Section>
      <Section title={s.account.sessions}>
        <SessionList changes={changes} />
      </Section>
      <Section title={s.account.password}>
        <PasswordForm user={user} onChanged={() => setChanges(changes + 1)} />
      </Section>
      <Section title={s.account.export}>
        <Export />
      </Section>
      <Section title={s.account.erase}>
        <Erase user={user} />
      </Section>
    </main>
  );
}
