// Stand-in for the process that keeps the listener alive: ends after 0 and 1, starts it again after anything else.
import { spawn } from 'node:child_process';

let stopping = false;
let listener;

function start() {
  if (stopping) return;
  listener = spawn(new URL('Agent.Listener', import.meta.url).pathname, ['run', '--startuptype', 'service'], {
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  listener.on('close', (code) => {
    if (code !== 0 && code !== 1) setTimeout(start, 5000);
  });
}

for (const signal of ['SIGINT', 'SIGTERM']) {
  process.on(signal, () => {
    stopping = true;
    listener?.kill('SIGINT');
  });
}
start();
