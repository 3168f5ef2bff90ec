/** Durations as people read them. */

const UNITS = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['min', 60_000],
  ['s', 1000],
] as const;

/** The two largest units of a duration in milliseconds: `1 h 5 min`, `2 min 3 s`, `12 s`; below a second `0 s`. */
export function elapsedText(milliseconds: number): string {
  let rest = Math.max(0, Math.floor(milliseconds / 1000) * 1000);
  const parts: string[] = [];
  for (const [unit, size] of UNITS) {
    const count = Math.floor(rest / size);
    rest -= count * size;
    if (count > 0) parts.push(`${count} ${unit}`);
    if (parts.length === 2 || (parts.length === 1 && count === 0)) break;
  }
  return parts.length === 0 ? '0 s' : parts.join(' ');
}

/** The time between two ISO 8601 texts; '' where one is missing or not a time. */
export function durationText(start: string | undefined, end: string | undefined): string {
  const milliseconds = Date.parse(end ?? '') - Date.parse(start ?? '');
  return Number.isFinite(milliseconds) ? elapsedText(milliseconds) : '';
}
