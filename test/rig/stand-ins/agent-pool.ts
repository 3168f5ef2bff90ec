// The part of Azure DevOps that keeps a pool: agents, their sessions, the jobs they are given.
import type { ServerResponse } from 'node:http';

export interface Agent {
  id: number;
  name: string;
  version: string;
  key: string;
  enabled: boolean;
  status: 'online' | 'offline';
  systemCapabilities: Record<string, string>;
  argv: string[];
  assignedRequest?: { requestId: number };
}

export interface Job {
  id: number;
  agentName: string;
  script: string;
  state: 'queued' | 'running' | 'ended';
  result?: string;
  output?: string;
}

export class AgentPool {
  readonly id = 7;
  name = 'bastion-agents';
  autoUpdate = true;
  readonly agents = new Map<number, Agent>();
  readonly jobs: Job[] = [];
  private readonly sessions = new Map<string, number>();
  private readonly waiting = new Map<string, ServerResponse>();
  private next = 11;

  byName(name: string | null): Agent[] {
    return [...this.agents.values()].filter((agent) => name === null || agent.name === name);
  }

  register(
    description: Pick<Agent, 'name' | 'version' | 'key' | 'systemCapabilities' | 'argv'>,
    id = this.next++,
  ): Agent {
    const enabled = this.agents.get(id)?.enabled ?? true;
    const agent: Agent = { ...description, id, enabled, status: 'offline' };
    this.agents.set(id, agent);
    return agent;
  }

  hasKey(key: string): boolean {
    return [...this.agents.values()].some((agent) => agent.key === key);
  }

  openSession(agentId: number): string {
    const agent = this.agents.get(agentId);
    if (agent) agent.status = 'online';
    const id = `session-${this.next++}`;
    this.sessions.set(id, agentId);
    return id;
  }

  closeSession(id: string): void {
    const agent = this.agents.get(this.sessions.get(id) ?? 0);
    if (agent) agent.status = 'offline';
    this.sessions.delete(id);
  }

  /** Holds the request until there is a job, as the service does; after a while it answers without one. */
  waitForMessage(sessionId: string, response: ServerResponse): void {
    this.waiting.set(sessionId, response);
    setTimeout(() => {
      if (this.waiting.get(sessionId) === response) this.waiting.delete(sessionId);
      if (!response.writableEnded) response.writeHead(200).end();
    }, 20_000).unref();
    response.on('close', () => {
      if (this.waiting.get(sessionId) === response) this.waiting.delete(sessionId);
    });
    this.dispatch();
  }

  queue(agentName: string, script: string): Job {
    const job: Job = { id: this.next++, agentName, script, state: 'queued' };
    this.jobs.push(job);
    this.dispatch();
    return job;
  }

  finish(jobId: number, report: { result: string; output: string }): void {
    const job = this.jobs.find((each) => each.id === jobId);
    if (job) Object.assign(job, report, { state: 'ended' });
    for (const agent of this.agents.values()) {
      if (agent.assignedRequest?.requestId === jobId) delete agent.assignedRequest;
    }
  }

  dispatch(): void {
    for (const [sessionId, response] of this.waiting) {
      const agent = this.agents.get(this.sessions.get(sessionId) ?? 0);
      const job = this.jobs.find((each) => each.state === 'queued' && each.agentName === agent?.name);
      if (!agent?.enabled || !job) continue;
      job.state = 'running';
      agent.assignedRequest = { requestId: job.id };
      this.waiting.delete(sessionId);
      response
        .writeHead(200, { 'content-type': 'application/json' })
        .end(JSON.stringify({ id: job.id, script: job.script }));
    }
  }
}
