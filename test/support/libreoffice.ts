// LibreOffice as an engine that calculates: one start of it opens many files and answers formulas over them.
import { execFile, spawnSync } from 'node:child_process';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { temporaryFolder } from './cli.js';

export interface Calculation {
  /** An absolute path. */
  readonly file: string;
  /** `csv` with the field separator and the locale in which a user has LibreOffice. */
  readonly as: 'xlsx' | { readonly separator: ';' | ','; readonly locale: 'en-US' | 'pt-BR' };
  /** In English, with `;` between arguments; `@` stands for the first sheet. */
  readonly formulas: readonly string[];
}

/** Microsoft's numbers of languages, which the filter of CSV takes. */
const LANGUAGES = { 'en-US': 1033, 'pt-BR': 1046 };
const START_TIMEOUT_MS = 300_000;

/** Why a test that calculates is skipped; false when it is not. */
export function withoutLibreOffice(): string | false {
  return spawnSync('soffice', ['--version']).error
    ? 'there is no LibreOffice (soffice) to calculate with'
    : false;
}

/** Writes the formulas into free cells of each file, as it opens for its user, and returns their values; `error N` for an error. */
export async function calculate(calculations: readonly Calculation[]): Promise<(number | string)[][]> {
  const folder = await temporaryFolder();
  try {
    await writeProfile(join(folder, 'user'));
    const jobs = calculations.map(({ file, as, formulas }) => {
      const filter =
        as === 'xlsx'
          ? ['Calc MS Excel 2007 XML', '']
          : ['Text - txt - csv (StarCalc)', optionsOf(as.separator, as.locale)];
      return [pathToFileURL(file), ...filter, formulas.join('|')].join('\t');
    });
    const [input, output] = [join(folder, 'jobs'), join(folder, 'answers')];
    await writeFile(input, jobs.map((job) => `${job}\n`).join(''));
    const profile = `-env:UserInstallation=${pathToFileURL(folder)}`;
    const macro = `macro:///Standard.Answers.Calculate("${input}","${output}")`;
    await promisify(execFile)('soffice', ['--headless', '--norestore', profile, macro], {
      timeout: START_TIMEOUT_MS,
    });
    const answers = (await readFile(output, 'utf8')).trimEnd().split('\n');
    return answers.map((line) =>
      line
        .replace(/\t$/, '')
        .split('\t')
        .map((answer) => (answer.startsWith('error') ? answer : Number(answer))),
    );
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** The workbooks as LibreOffice saves them after opening: formulas have the results that it shows, charts the points. */
export async function savedByLibreOffice<Name extends string>(
  workbooks: Readonly<Record<Name, Buffer>>,
): Promise<Record<Name, Buffer>> {
  const folder = await temporaryFolder();
  try {
    const names = Object.keys(workbooks) as Name[];
    await Promise.all(names.map((name) => writeFile(join(folder, `${name}.xlsx`), workbooks[name])));
    const profile = `-env:UserInstallation=${pathToFileURL(join(folder, 'profile'))}`;
    const files = names.map((name) => join(folder, `${name}.xlsx`));
    const args = [
      profile,
      '--headless',
      '--norestore',
      '--convert-to',
      'xlsx',
      '--outdir',
      join(folder, 'saved'),
    ];
    await promisify(execFile)('soffice', [...args, ...files], { timeout: START_TIMEOUT_MS });
    const saved = names.map(async (name) => [name, await readFile(join(folder, 'saved', `${name}.xlsx`))]);
    return Object.fromEntries(await Promise.all(saved));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** LibreOffice help, "Filter Options for CSV": separator, quote, UTF-8, first line, no formats, language, quoted is not text, detect numbers. */
function optionsOf(separator: string, locale: keyof typeof LANGUAGES): string {
  return [separator.charCodeAt(0), 34, 76, 1, '', LANGUAGES[locale], false, true].join(',');
}

const DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>\n';
const LIBRARY = 'xmlns:library="http://openoffice.org/2000/library"';
const BASIC = `Sub Calculate(jobs As String, answers As String)
  Dim job As String, fields, formulas, options(2) As New com.sun.star.beans.PropertyValue
  Open jobs For Input As #1
  Open answers For Output As #2
  Do While Not Eof(1)
    Line Input #1, job
    fields = Split(job, Chr(9))
    options(0).Name = "Hidden" : options(0).Value = True
    options(1).Name = "FilterName" : options(1).Value = fields(1)
    options(2).Name = "FilterOptions" : options(2).Value = fields(2)
    document = StarDesktop.loadComponentFromURL(fields(0), "_blank", 0, options())
    sheet = document.Sheets.getByIndex(0)
    prefix = "$'" & sheet.Name & "'."
    formulas = Split(fields(3), "|")
    answer = ""
    For index = 0 To UBound(formulas)
      cell = sheet.getCellByPosition(500 + index, 0)
      cell.Formula = Join(Split(formulas(index), "@"), prefix)
      If cell.getError() <> 0 Then
        answer = answer & "error " & cell.getError() & Chr(9)
      Else
        answer = answer & Join(Split(CStr(cell.Value), ","), ".") & Chr(9)
      End If
    Next
    document.close(True)
    Print #2, answer
  Loop
  Close #1
  Close #2
End Sub
`;

/** A user's profile with the macro, which LibreOffice takes for one that it has set up before. */
async function writeProfile(folder: string): Promise<void> {
  const files = {
    'registrymodifications.xcu': `<oor:items xmlns:oor="http://openoffice.org/2001/registry"><item oor:path="/org.openoffice.Setup/Office"><prop oor:name="ooSetupInstCompleted" oor:op="fuse"><value>true</value></prop></item></oor:items>`,
    'basic/script.xlc': `<library:libraries ${LIBRARY}><library:library library:name="Standard" library:link="false"/></library:libraries>`,
    'basic/Standard/script.xlb': `<library:library ${LIBRARY} library:name="Standard" library:readonly="false" library:passwordprotected="false"><library:element library:name="Answers"/></library:library>`,
    'basic/Standard/Answers.xba': `<script:module xmlns:script="http://openoffice.org/2000/script" script:name="Answers" script:language="StarBasic">${BASIC.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')}</script:module>`,
  };
  await mkdir(join(folder, 'basic/Standard'), { recursive: true });
  for (const [name, content] of Object.entries(files))
    await writeFile(join(folder, name), DECLARATION + content);
}
