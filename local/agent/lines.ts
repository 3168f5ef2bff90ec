/** Splits a stream of bytes into lines as .NET's ReadLine does: at \n, \r\n and a lone \r. */
import { StringDecoder } from 'node:string_decoder';

export class LineSplitter {
  readonly #decoder = new StringDecoder('utf8');
  readonly #onLine: (line: string) => void;
  #partial = '';
  #afterReturn = false;

  constructor(onLine: (line: string) => void) {
    this.#onLine = onLine;
  }

  push(chunk: Buffer): void {
    this.#take(this.#decoder.write(chunk));
  }

  /** Hands over what stands after the last line break. */
  end(): void {
    this.#take(this.#decoder.end());
    if (this.#partial !== '') this.#onLine(this.#partial);
    this.#partial = '';
  }

  #take(text: string): void {
    if (text === '') return;
    // A \n right after a \r that ended the chunk before belongs to that line break.
    const fresh = this.#afterReturn && text.startsWith('\n') ? text.slice(1) : text;
    this.#afterReturn = text.endsWith('\r');
    const lines = (this.#partial + fresh).split(/\r\n|\r|\n/);
    this.#partial = lines.pop() ?? '';
    for (const line of lines) this.#onLine(line);
  }
}
