/** Filters of asset lists that come as text. */
import { asObject, type Json } from '../json.ts';

/** True when `tags` has all of `wanted`: `a=1,b` wants a with the value 1, and b with any. */
export function hasTags(tags: Json | undefined, wanted: string | null): boolean {
  const own = asObject(tags);
  return (wanted ?? '')
    .split(',')
    .filter((part) => part !== '')
    .every((part) => {
      const [name = '', value] = part.split('=');
      return value === undefined ? own[name] !== undefined : own[name] === value;
    });
}
