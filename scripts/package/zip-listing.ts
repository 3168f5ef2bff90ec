/** What a zip file holds, from its central directory (PKWARE APPNOTE 4.3.12 and 4.3.16). */

export interface ZipEntry {
  /** With forward slashes. */
  readonly name: string;
  /** Bytes. */
  readonly size: number;
  readonly compressedSize: number;
}

const END_OF_DIRECTORY = 0x06054b50;
const DIRECTORY_ENTRY = 0x02014b50;

/** The files in a zip, without its folders, in its own order. Throws when it is not a zip. */
export function listZip(zip: Buffer): readonly ZipEntry[] {
  const end = zip.lastIndexOf(Buffer.from([0x50, 0x4b, 0x05, 0x06]));
  if (end < 0 || zip.readUInt32LE(end) !== END_OF_DIRECTORY) throw new Error('This is not a zip file');
  const entries: ZipEntry[] = [];
  let offset = zip.readUInt32LE(end + 16);
  for (let left = zip.readUInt16LE(end + 10); left > 0; left -= 1) {
    if (zip.readUInt32LE(offset) !== DIRECTORY_ENTRY) throw new Error('The zip file is damaged');
    const nameLength = zip.readUInt16LE(offset + 28);
    const name = decodeURIComponent(zip.toString('utf8', offset + 46, offset + 46 + nameLength));
    const entry = { name, size: zip.readUInt32LE(offset + 24), compressedSize: zip.readUInt32LE(offset + 20) };
    if (!name.endsWith('/')) entries.push(entry);
    offset += 46 + nameLength + zip.readUInt16LE(offset + 30) + zip.readUInt16LE(offset + 32);
  }
  return entries;
}
