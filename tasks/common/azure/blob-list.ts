/** Reads the XML of a container's listing. */
import type { BlobEntry } from '../ports.ts';

export interface BlobPage {
  /** Names as in the container. */
  readonly blobs: readonly BlobEntry[];
  /** Where the next page begins; undefined on the last. */
  readonly marker: string | undefined;
}

/** A page of "List Blobs". Folders of accounts with a hierarchy are left out: they hold nothing. */
export function parseBlobPage(xml: string): BlobPage {
  const blobs = [...xml.matchAll(/<Blob>([\s\S]*?)<\/Blob>/g)].flatMap(([, blob = '']) => {
    const name = /<Name(\s+Encoded="true")?>([^<]*)<\/Name>/.exec(blob);
    if (name === null || blob.includes('<ResourceType>directory</ResourceType>')) return [];
    const text = unescapeXml(name[2] ?? '');
    const size = Number(/<Content-Length>(\d+)<\/Content-Length>/.exec(blob)?.[1] ?? 0);
    return [{ name: name[1] === undefined ? text : decodeURIComponent(text), size }];
  });
  const marker = /<NextMarker>([^<]+)<\/NextMarker>/.exec(xml)?.[1];
  return { blobs, marker: marker === undefined ? undefined : unescapeXml(marker) };
}

const entities: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

function unescapeXml(text: string): string {
  return text.replace(/&(?:#x([0-9a-f]+)|#(\d+)|(\w+));/gi, (whole, hex?: string, decimal?: string, name?: string) => {
    if (hex !== undefined) return String.fromCodePoint(Number.parseInt(hex, 16));
    if (decimal !== undefined) return String.fromCodePoint(Number(decimal));
    return entities[name ?? ''] ?? whole;
  });
}
