// What is printed for systemd, held against systemd-analyze where there is one.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { chmod, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { describe, test } from 'node:test';
import { promisify } from 'node:util';
import { systemd } from '../../../src/commands/schedule/as/systemd.js';
import { temporaryFolder } from '../../support/cli.js';
import { CHOICES, planWith, RUN } from './plans.js';

const run = promisify(execFile);

const hasAnalyze = await run('systemd-analyze', ['--version']).then(
  () => true,
  () => false,
);
const skip = hasAnalyze ? false : 'there is no systemd-analyze here';

/** Each part after a line with its path, as `csplit` would cut it. */
function filesOf(text: string): Map<string, string> {
  const parts = text.split(/^# (\/etc\/systemd\/system\/\S+)\n/m);
  const files = new Map<string, string>();
  for (let at = 1; at < parts.length; at += 2) files.set(parts[at] ?? '', parts[at + 1] ?? '');
  return files;
}

describe('units for systemd', () => {
  test('are killed a minute after the deadline of the run, if there is one', () => {
    const limit = (deadline: string) =>
      systemd(planWith({ deadline })).match(/--deadline .*|TimeoutStartSec=.*/g);
    const [run, seconds] = limit('6h') ?? [];
    assert.match(run ?? '', /^--deadline 6h /);
    assert.equal(seconds, 'TimeoutStartSec=21660');
    assert.equal(limit('03:00')?.[1], 'TimeoutStartSec=86460');
    assert.equal(limit('none')?.[1], 'TimeoutStartSec=infinity');
  });

  test('systemd-analyze verify has nothing to say', { skip }, async () => {
    const folder = await temporaryFolder();
    const binary = join(folder, 'report ctl');
    await writeFile(binary, '#!/bin/sh\n');
    await chmod(binary, 0o755);
    const paths = { binary, nodeFolder: '/usr/bin', queries: '/srv/100% "of" it/queries' };
    const files = filesOf(
      systemd(
        planWith({
          paths,
          settings: { PGOPTIONS: '-c search_path=a\\ b', AWS_REGION: 'sa-east-1' },
          destination: { kind: 'folder', path: '/var/lib/reportctl/out folder' },
          choices: { ...CHOICES, user: 'root' },
        }),
      ),
    );
    assert.deepEqual(
      [...files.keys()].map((path) => basename(path)),
      ['reportctl.service', 'reportctl.timer', 'reportctl-status.service', 'reportctl-status.timer'],
    );
    const written: string[] = [];
    for (const [path, text] of files) {
      written.push(join(folder, basename(path)));
      await writeFile(join(folder, basename(path)), text);
    }
    const { stdout, stderr } = await run('systemd-analyze', ['verify', '--man=no', ...written]);
    const ours = `${stdout}${stderr}`.split('\n').filter((line) => line.includes('reportctl'));
    assert.deepEqual(ours, []);
    // And does it look at all?
    await writeFile(join(folder, 'reportctl.timer'), '[Timer]\nOnCalendar=*-*-* 25:00:00\n');
    const wrong = await run('systemd-analyze', ['verify', '--man=no', join(folder, 'reportctl.timer')]).catch(
      (error: { stderr: string }) => error,
    );
    assert.match(wrong.stderr, /25:00:00/);
  });

  test('systemd-analyze reads the timer as that time in that zone', { skip }, async () => {
    const zone = 'America/Sao_Paulo';
    const [, calendar = ''] =
      /^OnCalendar=(.*)$/m.exec(systemd(planWith({ runs: [{ ...RUN, zone }] }))) ?? [];
    const { stdout } = await run(
      'systemd-analyze',
      ['calendar', '--base-time=2026-11-22 00:00:00 UTC', calendar],
      {
        env: { ...process.env, TZ: 'UTC', LC_ALL: 'C' },
      },
    );
    assert.match(stdout, /Next elapse: Sun 2026-11-22 04:00:00 UTC/);
  });

  test('the night that has no such hour has no run, as the warning says', { skip }, async () => {
    const zone = 'Europe/Berlin';
    const text = systemd(planWith({ runs: [{ ...RUN, zone, at: '02:30' }] }));
    assert.match(
      text,
      /WARNING: 2027-03-28 has no 02:30 in Europe\/Berlin: no run that day; the next run publishes the missing period/,
    );
    const [, calendar = ''] = /^OnCalendar=(.*)$/m.exec(text) ?? [];
    const { stdout } = await run(
      'systemd-analyze',
      ['calendar', '--iterations=2', '--base-time=2027-03-27 00:00:00 UTC', calendar],
      { env: { ...process.env, TZ: 'UTC', LC_ALL: 'C' } },
    );
    const times = [...stdout.matchAll(/\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC/g)].map(([time]) => time);
    assert.deepEqual(times, ['2027-03-27 01:30:00 UTC', '2027-03-29 00:30:00 UTC']);
  });

  test('secrets are credentials, homes are read only where something of ours is in one', () => {
    const text = systemd(
      planWith({ secrets: { PGPASSWORD: '/root/5%', REPORTCTL_SOURCE_VENDAS: undefined } }),
    );
    assert.match(
      text,
      /^LoadCredential=PGPASSWORD:\/root\/5%%\nEnvironment=PGPASSWORD_FILE=%d\/PGPASSWORD$/m,
    );
    assert.match(
      text,
      /^LoadCredential=REPORTCTL_SOURCE_VENDAS:\/etc\/reportctl\/secrets\/REPORTCTL_SOURCE_VENDAS$/m,
    );
    assert.match(text, /^ProtectHome=yes$/m);
    assert.doesNotMatch(text, /ReadWritePaths/);
    const home = { binary: '/home/ana/bin/reportctl', nodeFolder: '/usr/bin', queries: '/srv/queries' };
    assert.match(systemd(planWith({ paths: home })), /^ProtectHome=read-only$/m);
  });

  test('memory follows the size of the parts and the reports at once', () => {
    const bound = (mib: number, jobs: number) =>
      Number(/^MemoryMax=(\d+)M$/m.exec(systemd(planWith({ partSize: mib * 1024 ** 2, jobs })))?.[1]);
    assert.equal(bound(16, 2), 832);
    assert.equal(bound(5, 1), 512);
    assert.ok(bound(64, 2) >= 832 + 2 * 4 * (64 - 16) - 64);
  });
});
