// Which errors of PostgreSQL are tried again: by class and code of the manual's appendix A, and by who reports them.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sourceError } from '../../src/sources/postgres/errors.js';
import { CLASSES } from '../../src/sources/postgres/sqlstate.js';

const canPass = (code: string, message = 'x') =>
  sourceError('reading', Object.assign(new Error(message), { code })).retryable;

/** Of PostgreSQL 18. */
const APPENDIX =
  '00 01 02 03 08 09 0A 0B 0F 0L 0P 0Z 10 20 21 22 23 24 25 26 27 28 2B 2D 2F 34 38 39 3B 3D 3F 40 42 44 53 54 55 57 58 72 F0 HV P0 XX';

test('every class of the appendix has a verdict', () => {
  assert.deepEqual(Object.keys(CLASSES).sort(), APPENDIX.split(' ').sort());
});

const PASSING =
  '08000 08001 08003 08004 08006 08007 40000 40001 40003 40P01 53000 53100 53200 53300 55006 55P03 57P01 57P02 57P03 57P05 58000 58030 72000 HV00N';
const STAYING =
  '08P01 0A000 22012 22P02 25006 28000 28P01 3D000 40002 42501 42601 42P01 53400 54000 55000 57014 57P04 58P01 P0001 HV000 XX000 XX001';

test('codes that can pass', () => {
  for (const code of PASSING.split(' ')) assert.equal(canPass(code), true, code);
});

test('codes that stay, and codes of no class', () => {
  for (const code of [...STAYING.split(' '), '99999', 'ZZ000', 'EACCES', ''])
    assert.equal(canPass(code), false, code);
});

test("a pooler's limits pass, though it calls everything a protocol violation", () => {
  assert.equal(canPass('08P01', 'no more connections allowed (max_client_conn)'), true);
  assert.equal(canPass('08P01', 'query_wait_timeout'), true);
  assert.equal(canPass('08P01', 'invalid message format'), false);
});

test("other people's DDL passes, though PostgreSQL calls it an internal error", () => {
  assert.equal(canPass('XX000', 'cache lookup failed for relation 12345'), true);
  assert.equal(canPass('XX000', 'could not open relation with OID 12345'), true);
  assert.equal(canPass('XX000', 'unexpected chunk number'), false);
});

test('a code of the network is no SQLSTATE', () => {
  const error = sourceError('reading', Object.assign(new Error('write EPIPE'), { code: 'EPIPE' }));
  assert.deepEqual([error.message, error.retryable], ['reading: write EPIPE', true]);
});
