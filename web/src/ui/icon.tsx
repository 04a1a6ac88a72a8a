// The icons, drawn with one line on a grid of 24.

const paths = {
  account: "M12 12a4 4 0 1 0 0-8 4 4 0 0 0 0 8ZM4 20c1-4 4-5.5 8-5.5s7 1.5 8 5.5",
  ask: "M5 12h13M12.5 6l6 6-6 6",
  back: "M19 12H6M11.5 6l-6 6 6 6",
  close: "M6 6l12 12M18 6 6 18",
  copy: "M9 9h10v11H9zM15 9V4H5v11h4",
  download: "M12 4v11M7 11l5 5 5-5M5 20h14",
  edit: "M5 19l1-4L16.5 4.5l3 3L9 18l-4 1ZM14 7l3 3",
  file: "M7 3h7l5 5v13H7zM14 3v5h5",
  gap: "M12 4 2.8 20h18.4L12 4ZM12 10v4.5M12 17.2v.3",
  menu: "M4 7h16M4 12h16M4 17h10",
  more: "M6 12h.01M12 12h.01M18 12h.01",
  next: "M9.5 5.5 16 12l-6.5 6.5",
  open: "M13 5h6v6M19 5l-9 9M17 14v5H5V7h5",
  pause: "M9 6v12M15 6v12",
  plus: "M12 5v14M5 12h14",
  previous: "M14.5 5.5 8 12l6.5 6.5",
  read: "M12 7c-2-1.6-5-2-8-2v13c3 0 6 .4 8 2 2-1.600 5-2 8-2V5c-3 0-6 .4-8 2ZM12 7v13",
  resume: "M8 5.500v13l10.500-6.500z",
  retry: "M19.500 12a7.500 7.500 0 1 1-2.200-5.300L19.500 9M19.500 4v5h-5",
  search: "M11 18a7 7 0 1 0 0-14 7 7 0 0 0 0 14ZM16 16l4.500 4.500",
  stop: "M7 7h10v10H7z",
  trash: "M5 7h14M9.500 7V4h5v3M7 7l1 13h8l1-13",
} as const;

export type IconName = keyof typeof paths;

export function Icon({ name }: { name: IconName }) {
  return (
    <svg class={`icon icon-${name}`} viewBox="0 0 24 24" aria-hidden="true">
      <path d={paths[name]} />
    </svg>
  );
}
