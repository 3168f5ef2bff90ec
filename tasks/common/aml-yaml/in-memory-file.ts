import type { JsonObject } from '../domain/json.ts';
import type { Files } from '../ports.ts';

/**
 * The agent's files and one more that only exists in memory, so that what a task's inputs say is planned exactly as a YAML file
 * that says it. JSON is YAML.
 */
export function withFile(files: Files, path: string, content: JsonObject): Files {
  return {
    readText: (wanted) => (wanted === path ? Promise.resolve(JSON.stringify(content)) : files.readText(wanted)),
    realPath: (wanted) => (wanted === path ? Promise.resolve(path) : files.realPath(wanted)),
    read: (wanted, size) => files.read(wanted, size),
    stat: (wanted) => files.stat(wanted),
    list: (wanted) => files.list(wanted),
  };
}
