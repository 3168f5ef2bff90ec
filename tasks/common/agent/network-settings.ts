/** The agent's own proxy and certificate settings; Node and the Azure clients do not know them by themselves. */
import { readFileSync } from 'node:fs';
import { UserError } from '../errors.ts';
import type { NetworkSettings } from '../ports.ts';
import type { AgentEnvironment } from './environment.ts';
import type { Masking } from './masking.ts';

/** The settings of `config.sh --proxyurl … --sslcacert …`. Throws UserError when they cannot be read. */
export function networkSettings(environment: AgentEnvironment, masks: Pick<Masking, 'add'>): NetworkSettings {
  return { proxy: proxy(environment, masks), certificateAuthorities: certificateAuthorities(environment) };
}

function proxy(environment: AgentEnvironment, masks: Pick<Masking, 'add'>): NetworkSettings['proxy'] {
  const url = environment.variable('Agent.ProxyUrl');
  if (url === undefined) return undefined;
  if (!URL.canParse(url)) throw new UserError(`The agent's proxy '${url}' (Agent.ProxyUrl) is not a URL.`);
  const password = environment.variable('Agent.ProxyPassword');
  if (password !== undefined) masks.add(password);
  return {
    url,
    username: environment.variable('Agent.ProxyUsername'),
    password,
    bypass: bypassList(environment.variable('Agent.ProxyBypassList')),
  };
}

/** A JSON array of regular expressions. As in the agent, an entry that is none bypasses nothing. */
function bypassList(json: string | undefined): readonly string[] {
  const list = parseJson(json ?? '[]');
  if (!Array.isArray(list)) {
    throw new UserError("The agent's proxy bypass list (Agent.ProxyBypassList) is not a JSON array of texts.");
  }
  return list.filter((entry): entry is string => typeof entry === 'string' && isRegularExpression(entry));
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function isRegularExpression(text: string): boolean {
  try {
    new RegExp(text);
    return true;
  } catch {
    return false;
  }
}

function certificateAuthorities(environment: AgentEnvironment): string | undefined {
  const file = environment.variable('Agent.CAInfo');
  if (file === undefined) return undefined;
  const pem = readPem(file);
  if (!pem.includes('-----BEGIN CERTIFICATE-----')) {
    throw new UserError(`The agent's CA file ${file} (Agent.CAInfo) holds no PEM certificate.`);
  }
  return pem;
}

function readPem(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new UserError(`The agent's CA file ${file} (Agent.CAInfo) cannot be read: ${reason}`);
  }
}
