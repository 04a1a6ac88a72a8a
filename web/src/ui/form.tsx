// The parts of the forms: a field with its label and hint, and a password that can be shown.

import { useId, useState } from "preact/hooks";
import { strings } from "../strings/index.ts";

interface FieldProps {
  label: string;
  hint?: string;
  value: string;
  onInput: (value: string) => void;
  autocomplete: AutoFill;
  type?: "text" | "password";
  shown?: boolean;
}

export function Field({ label, hint, value, onInput, autocomplete, type = "text" }: FieldProps) {
  const id = useId();
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
        aria-describedby={hint ? `${id}-hint` : undefined}
        onInput={(event) => onInput(event.currentTarget.value)}
      />
      {hint && (
        <p class="hint" id={`${id}-hint`}>
          {hint}
        </p>
      )}
    </div>
  );
}

export function PasswordField({ shown = false, ...props }: FieldProps) {
  const s = strings.value.signIn;
  const [isShown, setShown] = useState(false);
  const isVisible = isShown || shown;
  return (
    <div class="password">
      <Field {...props} type={isVisible ? "text" : "password"} />
      <button
        type="button"
        class="link"
        aria-pressed={isVisible}
        onClick={() => setShown(!isShown)}
      >
        {isVisible ? s.hide : s.show}
      </button>
    </div>
  );
}
