// The parts of the forms: a field with its label and hint, and a password that can be shown.

import { useId, useLayoutEffect, useState } from "preact/hooks";
import { strings } from "../strings/index.ts";

interface FieldProps {
  label: string;
  hint?: string;
  value: string;
  onInput: (value: string) => void;
  autocomplete: AutoFill;
  type?: "text" | "password";
  /** What is wrong with the value and how it would be right; said at once. */
  wrong?: string | null;
}

interface PasswordProps extends FieldProps {
  /** What was made up for the user, who has to see it while it is the value: until they hide it. */
  suggestion?: string;
}

export function Field(props: FieldProps) {
  const { label, hint, value, onInput, autocomplete, type = "text", wrong } = props;
  const id = useId();
  const described = [wrong && `${id}-wrong`, hint && `${id}-hint`].filter(Boolean).join(" ");
  // Preact's types tell apart what ARIA allows each kind; these two are alike in it.
  const kind = type as "text";
  return (
    <div class="field">
      <label for={id}>{label}</label>
      <input
        id={id}
        type={kind}
        dir={type === "text" ? "auto" : undefined}
        value={value}
        required
        autocomplete={autocomplete}
        autocapitalize="none"
        spellcheck={false}
        aria-describedby={described || undefined}
        aria-invalid={wrong ? true : undefined}
        onInput={(event) => onInput(event.currentTarget.value)}
      />
      {wrong && (
        <p class="wrong" id={`${id}-wrong`} role="alert">
          {wrong}
        </p>
      )}
      {hint && (
        <p class="hint" id={`${id}-hint`}>
          {hint}
        </p>
      )}
    </div>
  );
}

export function PasswordField({ suggestion = "", ...props }: PasswordProps) {
  const s = strings.value.signIn;
  const [isShown, setShown] = useState(false);
  const isSuggested = suggestion !== "" && props.value === suggestion;
  // What they type themselves is theirs to show, also where it takes the place of a suggestion.
  useLayoutEffect(() => setShown(isSuggested), [isSuggested, suggestion]);
  const told = isSuggested ? { ...props, hint: s.suggested } : props;
  return (
    <div class="password">
      <Field {...told} type={isShown ? "text" : "password"} />
      {isSuggested && isShown && (
        <p class="passphrase" aria-hidden="true">
          {props.value}
        </p>
      )}
      <button type="button" class="link" aria-pressed={isShown} onClick={() => setShown(!isShown)}>
        {isShown ? s.hide : s.show}
      </button>
    </div>
  );
}
