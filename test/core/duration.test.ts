// Durations as people type them, and texts that are no duration.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatDuration, parseDuration } from '../../src/core/duration.js';

test('durations are parsed, and formatted as they are parsed', () => {
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

test('any other text is no duration', () => {
  for (const text of ['', '15', 'm', '30m2h', '1.5h', '-1s', '2h 30m', '1w', '15M', '1s1s'])
    assert.equal(parseDuration(text), undefined, text);
});
