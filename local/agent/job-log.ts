/** A step's log: masked as it is written, kept in memory, in a file with times, and told to whoever listens. */
import { appendFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { SecretMasker } from './secret-masker.ts';

export interface JobLogSettings {
  readonly masker: SecretMasker;
  /** Virtual milliseconds since 1970. */
  readonly now: () => number;
  readonly folder: string | undefined;
  readonly onLine: (text: string) => void;
}

export class StepLog {
  readonly lines: string[] = [];
  readonly file: string | undefined;
  readonly #settings: JobLogSettings;

  /** `fileName` is made safe for a file system. */
  constructor(settings: JobLogSettings, fileName: string) {
    this.#settings = settings;
    if (settings.folder === undefined) return;
    mkdirSync(settings.folder, { recursive: true });
    this.file = join(settings.folder, `${fileName.replaceAll(/[^\w. -]+/g, '_').slice(0, 100)}.log`);
    writeFileSync(this.file, '');
  }

  /** Writes one message, masked; only its first physical line carries the tag and the time. Returns the masked text. */
  write(text: string, tag = ''): string {
    const line = this.#settings.masker.mask(`${tag}${text}`);
    this.lines.push(line);
    if (this.file !== undefined) {
      appendFileSync(this.file, `${new Date(this.#settings.now()).toISOString().replace('Z', '0000Z')} ${line}\n`);
    }
    this.#settings.onLine(line);
    return line;
  }
}
