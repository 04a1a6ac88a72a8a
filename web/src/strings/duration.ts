// How long one has to wait, no more exact than a person wants to know.

const MINUTE = 60;
const HOUR = 60 * MINUTE;

export function duration(seconds: number, language: string): string {
  const say = (unit: string, count: number) =>
    new Intl.NumberFormat(language, { style: "unit", unit, unitDisplay: "long" }).format(count);
  if (seconds <= 1.5 * MINUTE) return say("second", seconds);
  if (seconds <= 1.5 * HOUR) return say("minute", Math.ceil(seconds / MINUTE));
  return say("hour", Math.ceil(seconds / HOUR));
}
