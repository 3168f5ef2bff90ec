/**
 * ISO 8601 with days, as the service's own client writes it: 90061 s is `P1DT1H1M1S`, 1500 ms is `PT1.5S`.
 *
 * @param milliseconds a whole number; 0 has no duration and is left out of the body
 */
export function isoDuration(milliseconds: number): string | undefined {
  if (milliseconds === 0) return undefined;
  const sign = milliseconds < 0 ? '-' : '';
  const total = Math.abs(milliseconds);
  const days = Math.floor(total / 86_400_000);
  const hours = Math.floor(total / 3_600_000) % 24;
  const minutes = Math.floor(total / 60_000) % 60;
  const seconds = (total % 60_000) / 1000;
  const date = days > 0 ? `${days}D` : '';
  const time = (hours > 0 ? `${hours}H` : '') + (minutes > 0 ? `${minutes}M` : '') + (seconds > 0 ? `${seconds}S` : '');
  return `${sign}P${date}${time === '' ? '' : `T${time}`}`;
}

/** As isoDuration, of seconds. */
export function isoSeconds(seconds: number | undefined): string | undefined {
  return seconds === undefined ? undefined : isoDuration(seconds * 1000);
}
