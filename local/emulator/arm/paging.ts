/** Pages of a list: as many as asked for, and a link to the rest that repeats the query. */
import type { Incoming } from '../http.ts';

/**
 * One page of `items` (already filtered and in order) as ARM answers it: `{value, nextLink?}`. `$skip` and the token of
 * an earlier page say where it begins; the last page has no nextLink.
 */
export function page<T>(
  request: Incoming,
  items: readonly T[],
  size: number,
): { value: readonly T[]; nextLink?: string } {
  const { query } = request;
  const start = Number(query.get('$skipToken') ?? query.get('$skip') ?? 0) || 0;
  const limit = size > 0 ? size : items.length;
  const value = items.slice(start, start + limit);
  if (start + limit >= items.length) return { value };
  const next = new URLSearchParams(query);
  next.delete('$skip');
  next.set('$skipToken', String(start + limit));
  return { value, nextLink: `https://${request.host}${request.path}?${readable(next)}` };
}

/** The service writes `$top` and not `%24top`, and a plus for a space. */
function readable(query: URLSearchParams): string {
  return query.toString().replaceAll('%24', '$');
}
