// Buttons that show a sign, with their name for those who do not see it. What cannot be pressed now
// says so and keeps the focus: from a disabled button it would fall to the top of the page.

import { Icon, type IconName } from "./icon.tsx";

interface Props {
  icon: IconName;
  label: string;
  onClick: () => void;
  isOpen?: boolean;
  disabled?: boolean;
}

export function IconButton({ icon, label, onClick, isOpen, disabled = false }: Props) {
  return (
    <button
      type="button"
      class="icon-button"
      aria-label={label}
      title={label}
      aria-expanded={isOpen}
      aria-disabled={disabled || undefined}
      onClick={disabled ? undefined : onClick}
    >
      <Icon name={icon} />
    </button>
  );
}

/** A button of words, with an icon before them. */
export function QuietButton({ icon, label, onClick, disabled = false }: Props) {
  return (
    <button
      type="button"
      class="quiet"
      aria-disabled={disabled || undefined}
      onClick={disabled ? undefined : onClick}
    >
      <Icon name={icon} />
      {label}
    </button>
  );
}
