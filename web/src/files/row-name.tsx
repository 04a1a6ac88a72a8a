// The name of a file in the list, behind its sign or its tick.

export function FileName({ name }: { name: string }) {
  return (
    <span class="name" dir="auto" title={name}>
      {name}
    </span>
  );
}

/** The sign tells by its colour what the words below the name say. */
export function DottedName({ name }: { name: string }) {
  return (
    <p class="pick">
      <span class="state-dot" aria-hidden="true" />
      <FileName name={name} />
    </p>
  );
}
