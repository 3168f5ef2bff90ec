/** Every route of the emulator; each part adds the list it makes. */
import type { EmulatorContext } from './context.ts';
import type { Route } from './http.ts';
import { operationRoutes } from './operations.ts';

export function allRoutes(context: EmulatorContext): Route[] {
  return [...operationRoutes(context)];
}
