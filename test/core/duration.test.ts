// Durations as people type them, and what is none.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatDuration, parseDuration } from '../../src/core/duration.js';

test('durations are read, and spelled as they are read', () => {
  for (const [text, milliseconds, spelled = text] of [
    ['90s', 90_000, '1m30s'],
    ['15m', 900_000],
    ['2h30m', 9_000_000],
    ['1d2h3m4s', 93_784_000],
    ['120m', 7_200_000, '2h'],
    ['0', 0, '0s'],
    ['0s', 0],
  ] as const) {
    assert.equal(parseDuration(text), milliseconds, text);
    assert.equal(formatDuration(milliseconds), spelled);
  }
  assert.equal(formatDuration(1_499), '1s');
});

test('what is no duration is none', () => {
  for (const text of ['', '15', 'm', '30m2h', '1.5h', '-1s', '2h 30m', '1w', '15M', '1s1s'])
    assert.equal(parseDuration(text), undefined, text);
});
