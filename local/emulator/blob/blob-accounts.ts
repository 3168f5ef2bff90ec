/** Read and write access to the emulated storage for the other parts, past the proxy and straight at the blob server. */

export interface BlobLocation {
  readonly account: string;
  readonly container: string;
  /** Name of the blob, with forward slashes. */
  readonly name: string;
}

export interface BlobListing {
  readonly name: string;
  readonly size: number;
}

export interface SasRequest {
  readonly account: string;
  readonly container: string;
  /** For one blob; without it the whole container. */
  readonly name?: string;
  /** Letters as in a SAS: `r`, `rl`, `rcwl` … */
  readonly permissions: string;
  /** Virtual milliseconds. */
  readonly lifetimeMs: number;
}

export interface BlobAccounts {
  /** The URL clients use, e.g. `https://stmlops.blob.core.windows.net/azureml/a/b.txt`. */
  url(account: string, container: string, name?: string): string;
  /** The same with a signature that lets whoever holds it in. */
  sasUrl(request: SasRequest): string;
  /** Undefined when the URL is none of this cloud's blob service. */
  locate(url: string): BlobLocation | undefined;
  createContainer(account: string, container: string): Promise<void>;
  /** Undefined when the blob is missing. */
  read(blob: BlobLocation): Promise<Buffer | undefined>;
  /** Creates or replaces a block blob. */
  write(blob: BlobLocation, content: Buffer | string, metadata?: Readonly<Record<string, string>>): Promise<void>;
  /** Adds to an append blob, made at the first call; an empty text only makes it. Calls for one blob must be awaited in turn. */
  append(blob: BlobLocation, content: Buffer | string): Promise<void>;
  /** All blobs whose name starts with the prefix, by name. */
  list(account: string, container: string, prefix: string): Promise<readonly BlobListing[]>;
  /** Copies every blob below `prefix` into a folder, made if missing; a blob of exactly that name becomes one file. */
  downloadFolder(account: string, container: string, prefix: string, folder: string): Promise<void>;
  /** Copies every file of a folder to blobs below `prefix`. */
  uploadFolder(folder: string, account: string, container: string, prefix: string): Promise<void>;
}
