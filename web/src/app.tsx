// Which view is shown, and what lies over all of them.

import { effect } from "@preact/signals";
import { Account } from "./account/account.tsx";
import { MustChange } from "./account/password.tsx";
import { ReceiptView, receipt } from "./account/receipt.tsx";
import { user } from "./api/session.ts";
import { Boot } from "./boot.tsx";
import { Undo } from "./chats/undo.tsx";
import { isOnline } from "./connection.ts";
import { go, route } from "./routes.ts";
import { SignIn } from "./sign-in/sign-in.tsx";
import { strings } from "./strings/index.ts";
import { Study } from "./study/study.tsx";
import { Announcer } from "./ui/announcer.tsx";
import { Confirm } from "./ui/confirm.tsx";
import { Reports } from "./ui/reports.tsx";
import { Unexpected } from "./ui/unexpected.tsx";

// Whoever has an account makes none: what is asked in the study needs an address of its own.
effect(() => {
  if (!user.value || route.value.view !== "register") return;
  go({ view: "study", chat: null, place: null }, { replace: true });
});

function View() {
  if (receipt.value) return <ReceiptView told={receipt.value} />;
  if (user.value === undefined) return <Boot />;
  if (user.value === null) return <SignIn />;
  if (user.value.must_change_password) return <MustChange user={user.value} />;
  if (route.value.view === "account") return <Account user={user.value} />;
  return <Study key={user.value.id} />;
}

export function App() {
  return (
    <>
      {!isOnline.value && (
        <p class="offline" role="status">
          {strings.value.offline}
        </p>
      )}
      {/* Before what they lie over: from an undo the next stop is not the end of the page. */}
      <section class="toasts" aria-label={strings.value.notices}>
        <Reports />
        <Undo />
      </section>
      <Unexpected>
        <View />
      </Unexpected>
      <Confirm />
      <Announcer />
    </>
  );
}
