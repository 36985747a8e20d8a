// npm run docs: writes what `--help` prints into docs/en/commands and docs/pt-BR/commands, between two marker comments.
// The words around the markers are written by hand. A command without a page gets one.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const BLOCK = /<!-- help: npm run docs -->\n[\s\S]*?<!-- end of help -->/;

const commands = [...helpOf().matchAll(/^ {2}([a-z]+) {2,}/gm)].map((match) => match[1]);
for (const command of commands) {
  const block = `<!-- help: npm run docs -->\n\`\`\`text\n${helpOf(command).trimEnd()}\n\`\`\`\n<!-- end of help -->`;
  for (const language of ['en', 'pt-BR']) {
    const folder = `${ROOT}docs/${language}/commands`;
    const file = `${folder}/${command}.md`;
    mkdirSync(folder, { recursive: true });
    const page = existsSync(file) ? readFileSync(file, 'utf8') : `# reportctl ${command}\n\n${block}\n`;
    if (!BLOCK.test(page)) throw new Error(`${file} lacks the two marker comments of the help text`);
    writeFileSync(
      file,
      page.replace(BLOCK, () => block),
    );
  }
}

function helpOf(...command) {
  return execFileSync(process.execPath, [`${ROOT}bin/reportctl.js`, ...command, '--help'], {
    encoding: 'utf8',
  });
}
