// Files inside a PDF file: what was written comes out again, whatever its size, and nothing temporary stays.
import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { AttachedFile, embedAll } from '../../src/writers/pdf/attachments.js';
import { PdfFile } from '../../src/writers/pdf/objects.js';
import { temporaryFolder } from '../support/cli.js';
import { objectsOf } from '../support/pdf-objects.js';

const CSV = { name: 'produção.csv', mediaType: 'text/csv', description: 'The rows' };
const MANIFEST = { name: 'manifest (1).json', mediaType: 'application/json', description: 'The manifest' };
const EMITTED = new Date('2024-02-03T04:05:06Z');

let folder: string;
before(async () => {
  folder = await temporaryFolder();
});
after(() => rm(folder, { recursive: true }));

async function fileWith(attached: readonly AttachedFile[], modified?: Date) {
  const file = new PdfFile();
  const pieces: Buffer[] = [];
  const embedding = embedAll(file, attached, modified);
  let step = await embedding.next();
  for (; !step.done; step = await embedding.next()) pieces.push(step.value);
  const { associated, embedded } = step.value;
  const root = file.object(`<</AF${associated}/Names<</EmbeddedFiles${embedded}>>>>`);
  file.end({ root, info: file.object('<<>>'), id: Buffer.alloc(16) });
  const objects = objectsOf(Buffer.concat([...pieces, file.take()]));
  return { pieces, objects, catalog: objects.get(root).text };
}

describe('attachments', () => {
  test('are what was written, with size, checksum and date, and names in order', async (t) => {
    const [csv, manifest] = [new AttachedFile(CSV, folder), new AttachedFile(MANIFEST, folder)];
    t.after(() => Promise.all([csv.close(), manifest.close()]));
    const rows = Buffer.from('código;valor\r\n1;2\r\n'.repeat(1000));
    // The caller uses its memory again.
    const chunk = Buffer.alloc(100);
    for (let at = 0; at < rows.length; at += chunk.length) {
      const length = rows.copy(chunk, 0, at);
      await csv.write(chunk.subarray(0, length));
    }
    await manifest.write(Buffer.from('{}'));

    const { objects, catalog } = await fileWith([csv, manifest], EMITTED);
    const [, first, second] = /\/AF\[(\d+) 0 R (\d+) 0 R\]/.exec(catalog) ?? [];
    assert.ok(
      catalog.includes(`/EmbeddedFiles<</Names[(manifest \\(1\\).json) ${second} 0 R <FEFF`),
      catalog,
    );
    const { text } = objects.get(Number(first));
    assert.match(
      text,
      /^<<\/Type\/Filespec\/F\(produ__o\.csv\)\/UF<FEFF.*>\/Desc\(The rows\)\/AFRelationship\/Data\//,
    );
    const { text: entries, bytes } = objects.follow(text, 'UF');
    assert.deepEqual(bytes, rows);
    const checksum = createHash('md5').update(rows).digest('hex');
    assert.ok(
      entries.includes(
        `/Subtype/text#2fcsv/Params<</Size ${rows.length}/CheckSum<${checksum}>/ModDate(D:20240203040506Z)>>`,
      ),
      entries,
    );
    assert.equal(objects.follow(objects.get(Number(second)).text, 'F').bytes?.toString(), '{}');
  });

  test('that are large are written in pieces, and the file that holds them has no name', async (t) => {
    const attached = new AttachedFile(CSV, folder);
    t.after(() => attached.close());
    // Such bytes are not made smaller.
    const bytes = randomBytes(3_200_000);
    for (let at = 0; at < bytes.length; at += 65536) await attached.write(bytes.subarray(at, at + 65536));
    assert.deepEqual(await readdir(folder), []);
    const { pieces, objects, catalog } = await fileWith([attached]);
    assert.equal(pieces.length, 4);
    const [, number] = /\/AF\[(\d+) 0 R\]/.exec(catalog) ?? [];
    const { text, bytes: found } = objects.follow(objects.get(Number(number)).text, 'UF');
    assert.ok(found?.equals(bytes));
    assert.doesNotMatch(text, /ModDate/);
  });

  test('say so when there is no room for them', async () => {
    const attached = new AttachedFile(CSV, join(folder, 'missing'));
    const writing = async () => {
      const chunk = createHash('sha512').update('').digest();
      for (let count = 0; count < 10_000; count++) await attached.write(chunk);
      await fileWith([attached]);
    };
    await assert.rejects(writing, {
      name: 'ReportError',
      code: 'destination',
      message: /^attaching produção\.csv: /,
    });
    await attached.close();
  });

  test('can be closed before they are complete, and twice', async () => {
    const attached = new AttachedFile(CSV, folder);
    await attached.write(Buffer.from('a'));
    await attached.close();
    await attached.close();
  });
});
