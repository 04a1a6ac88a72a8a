// A passphrase at the press of a button, or why there is none.

import { strings } from "../strings/index.ts";
import { useAttempt } from "../ui/attempt.ts";
import { FailureNote } from "../ui/failure.tsx";
import { suggestPassphrase } from "./passphrase.ts";

export function Suggest({ onSuggest }: { onSuggest: (passphrase: string) => void }) {
  const { failure, attempt } = useAttempt();
  const suggest = () => attempt(async () => onSuggest(await suggestPassphrase()));
  return (
    <>
      <button type="button" class="link" onClick={suggest}>
        {strings.value.signIn.suggest}
      </button>
      {failure && <FailureNote failure={failure} />}
    </>
  );
}
