// A clock that starts at TEST_CLOCK_NOW (an ISO 8601 instant) when the process does, and goes on from there. Loaded into a
// spawned binary by clockAt() of clock.ts alone; nothing in src/ knows of it. Timers keep their pace, and so do the times of
// files: an instant in the past makes a lease in a folder look new (age 0), one in the future makes it look abandoned.
const { TEST_CLOCK_NOW = '' } = process.env;
const start = Date.parse(TEST_CLOCK_NOW);
if (Number.isNaN(start)) throw new Error(`TEST_CLOCK_NOW is no instant: "${TEST_CLOCK_NOW}"`);

const realNow = Date.now;
const shift = start - realNow();
Date.now = () => realNow() + shift;
globalThis.Date = new Proxy(Date, {
  construct: (target, values, newTarget) =>
    Reflect.construct(target, values.length === 0 ? [target.now()] : values, newTarget),
  apply: (target) => new target(target.now()).toString(),
});
