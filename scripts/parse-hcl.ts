/** Reads HCL, Terraform's language. The parser's own types would bring those of a browser into the whole project. */
import { createRequire } from 'node:module';

interface HclParser {
  parse(filename: string, contents: string): Promise<unknown>;
}

const parser = createRequire(import.meta.url)('@cdktf/hcl2json') as HclParser;

/** The JSON of a configuration file. Rejects with what is wrong with it. */
export const parseHcl = (filename: string, contents: string): Promise<unknown> => parser.parse(filename, contents);
