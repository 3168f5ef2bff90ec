// Loaded before a task's bundle (`--require`), so that its process lives by the scaled clock of LOCAL_CLOCK: dates are
// virtual and a timer of n milliseconds takes n / speed. What Node keeps inside (AbortSignal.timeout, sockets) stays real.
'use strict';

const timers = require('timers');
const timersPromises = require('timers/promises');
const { promisify } = require('util');
const { syncBuiltinESMExports } = require('module');

const [originReal, originVirtual, speed] = (process.env.LOCAL_CLOCK || '').split(',').map(Number);
if ([originReal, originVirtual, speed].every(Number.isFinite) && speed > 0) install();

function install() {
  const RealDate = Date;
  const realNow = Date.now;
  const now = () => Math.floor(originVirtual + (realNow() - originReal) * speed);
  RealDate.now = now;
  // A proxy keeps `instanceof` true for the dates Node makes itself, such as a file's times.
  globalThis.Date = new Proxy(RealDate, {
    construct: (target, args, newTarget) => Reflect.construct(target, args.length === 0 ? [now()] : args, newTarget),
    apply: (target) => new target(now()).toString(),
  });
  RealDate.prototype.constructor = globalThis.Date;

  // The module `timers` stays as it is: Node's own modules take theirs from there.
  const { setTimeout, setInterval } = timers;
  const promises = {
    setTimeout: timersPromises.setTimeout,
    setInterval: timersPromises.setInterval,
    wait: timersPromises.scheduler.wait,
  };
  const scaledTimeout = (callback, ms, ...args) => setTimeout(callback, scaled(ms), ...args);
  const scaledInterval = (callback, ms, ...args) => setInterval(callback, scaled(ms), ...args);
  timersPromises.setTimeout = (ms, value, options) => promises.setTimeout(scaled(ms), value, options);
  timersPromises.setInterval = (ms, value, options) => promises.setInterval(scaled(ms), value, options);
  timersPromises.scheduler.wait = (ms, options) => promises.wait.call(timersPromises.scheduler, scaled(ms), options);
  Object.defineProperty(scaledTimeout, promisify.custom, { value: timersPromises.setTimeout });
  globalThis.setTimeout = scaledTimeout;
  globalThis.setInterval = scaledInterval;
  syncBuiltinESMExports();
}

// Longer than Node's longest timer means one millisecond to Node; scaling must not turn that into a real wait.
function scaled(ms) {
  return typeof ms === 'number' && ms <= 0x7fffffff ? ms / speed : ms;
}
