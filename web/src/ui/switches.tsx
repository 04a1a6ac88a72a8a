// Language and theme: at the foot of the sign-in view, and in the account.

import { type Theme, theme } from "../preferences.ts";
import { chooseLanguage, type Language, language, languages, strings } from "../strings/index.ts";

const THEMES: Theme[] = ["auto", "light", "dark"];

interface ChoiceProps<T extends string> {
  label: string;
  value: T;
  options: [T, string][];
  onChoose: (value: T) => void;
}

function Choice<T extends string>({ label, value, options, onChoose }: ChoiceProps<T>) {
  return (
    <label class="choice">
      <span>{label}</span>
      <select value={value} onChange={(event) => onChoose(event.currentTarget.value as T)}>
        {options.map(([option, name]) => (
          <option key={option} value={option} selected={option === value}>
            {name}
          </option>
        ))}
      </select>
    </label>
  );
}

export function Switches() {
  const s = strings.value.account;
  const names = Object.entries(languages).map(([tag, { name }]): [Language, string] => [
    tag as Language,
    name,
  ]);
  const themes = THEMES.map((option): [Theme, string] => [option, s.themes[option]]);
  return (
    <div class="switches">
      <Choice label={s.language} value={language.value} options={names} onChoose={chooseLanguage} />
      <Choice
        label={s.theme}
        value={theme.value}
        options={themes}
        onChoose={(chosen) => {
          theme.value = chosen;
        }}
      />
    </div>
  );
}
