/** The two ways the service writes a length of time: ISO 8601 in requests, .NET's time span in run history. */

const ISO_DURATION = /^P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d+)?)S)?)?$/;

/** Milliseconds of an ISO 8601 duration of days, hours, minutes and seconds; undefined when it is none. */
export function parseDuration(text: string): number | undefined {
  const match = ISO_DURATION.exec(text.trim());
  if (match === null || text.trim().length < 3) return undefined;
  const [days, hours, minutes, seconds] = match.slice(1).map((part: string | undefined) => Number(part ?? 0));
  return ((((days ?? 0) * 24 + (hours ?? 0)) * 60 + (minutes ?? 0)) * 60 + (seconds ?? 0)) * 1000;
}

/** `hh:mm:ss.fffffff`, with days in front (`d.`) from the second day on. */
export function formatTimeSpan(milliseconds: number): string {
  const whole = Math.max(0, Math.floor(milliseconds));
  const two = (value: number): string => String(Math.floor(value)).padStart(2, '0');
  const days = Math.floor(whole / 86_400_000);
  const clock = `${two((whole / 3_600_000) % 24)}:${two((whole / 60_000) % 60)}:${two((whole / 1000) % 60)}`;
  return `${days > 0 ? `${days}.` : ''}${clock}.${String(whole % 1000).padStart(3, '0')}0000`;
}
