/**
 * Logging commands (`##vso[area.event key=value;]data`) as the agent reads them from a task's output.
 * Source: Command.cs and CommandStringConvertor.cs of the agent.
 */
import { NamedMap } from './named-map.ts';

export interface LoggingCommand {
  /** Lower case; the agent matches areas and events without case. */
  readonly area: string;
  readonly event: string;
  readonly properties: NamedMap<string>;
  readonly data: string;
}

const PREFIX = '##vso[';

/**
 * The command in a line, wherever it starts; text before it is dropped. Undefined when the line holds none.
 * `decodePercents` is the job variable DECODE_PERCENTS.
 */
export function parseCommand(line: string, decodePercents = true): LoggingCommand | undefined {
  const start = line.indexOf(PREFIX);
  if (start < 0) return undefined;
  const end = line.indexOf(']', start);
  if (end < 0) return undefined;
  const header = line.slice(start + PREFIX.length, end);
  const space = header.indexOf(' ');
  const names = (space < 0 ? header : header.slice(0, space)).split('.').filter((part) => part !== '');
  const [area, event] = names;
  if (names.length !== 2 || area === undefined || event === undefined) return undefined;

  const properties = new NamedMap<string>();
  const list = space < 0 ? [] : header.slice(space + 1).split(';');
  for (const text of list) {
    const property = splitProperty(text);
    if (property !== undefined) properties.set(property[0], unescapeText(property[1], decodePercents));
  }
  return {
    area: area.toLowerCase(),
    event: event.toLowerCase(),
    properties,
    data: unescapeText(line.slice(end + 1), decodePercents),
  };
}

/** `key=value` by .NET's Split('=', 2) without empty entries: leading and doubled signs vanish, an empty value drops it. */
function splitProperty(text: string): readonly [string, string] | undefined {
  const pair = text.replace(/^=+/, '');
  const sign = pair.indexOf('=');
  if (sign < 0) return undefined;
  const value = pair.slice(sign).replace(/^=+/, '');
  return value === '' ? undefined : [pair.slice(0, sign), value];
}

/** Turns a value into what may stand in a command; `unescapeText` turns it back. */
export function escapeText(text: string): string {
  return text
    .replaceAll('%', '%AZP25')
    .replaceAll(';', '%3B')
    .replaceAll('\r', '%0D')
    .replaceAll('\n', '%0A')
    .replaceAll(']', '%5D');
}

/** The percent sign is decoded last, so that `%AZP253B` is the text `%3B`. */
export function unescapeText(text: string, decodePercents = true): string {
  const plain = text.replaceAll('%3B', ';').replaceAll('%0D', '\r').replaceAll('%0A', '\n').replaceAll('%5D', ']');
  return decodePercents ? plain.replaceAll('%AZP25', '%') : plain;
}

/** Text that no longer starts a command, in the agent's own way. */
export function deactivateCommands(text: string): string {
  return text.replaceAll(/##vso/gi, '**vso');
}
