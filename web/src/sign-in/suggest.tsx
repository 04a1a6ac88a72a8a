// A passphrase at the press of a button, or why there is none.

import { useRef } from "preact/hooks";
import { strings } from "../strings/index.ts";
import { useAttempt } from "../ui/attempt.ts";
import { FailureNote } from "../ui/failure.tsx";
import { suggestPassphrase } from "./passphrase.ts";

interface Props {
  value: string;
  onSuggest: (passphrase: string) => void;
}

export function Suggest({ value, onSuggest }: Props) {
  const { failure, attempt } = useAttempt();
  const latest = useRef(value);
  latest.current = value;
  const suggest = () =>
    attempt(async () => {
      const before = latest.current;
      const passphrase = await suggestPassphrase();
      // What is typed meanwhile stays.
      if (latest.current === before) onSuggest(passphrase);
    });
  return (
    <>
      <button type="button" class="link" onClick={suggest}>
        {strings.value.signIn.suggest}
      </button>
      {failure && <FailureNote failure={failure} />}
    </>
  );
}
