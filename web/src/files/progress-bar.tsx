// How far something has come, in words and as a line.

export function ProgressBar({ text, share }: { text: string; share: number | null }) {
  return (
    <div class="progress">
      <p class="meta">{text}</p>
      <progress aria-label={text} max={1} value={share ?? undefined} />
    </div>
  );
}
