// The files of a project besides its reports: settings, what git must know, and the tests at each change.

/** A line that `.gitattributes` needs: goldens hold the line breaks of the data. */
export const GOLDENS_ATTRIBUTE = 'fixtures/golden/** -text';

export const GIT_ATTRIBUTES = `# Goldens hold the line breaks of the data.\n${GOLDENS_ATTRIBUTE}\n`;

export const GIT_IGNORE = `# Settings of one place, with passwords.\n.env\n# Where run publishes without another destination.\nout/\n`;

/**
 * @param variable of the source
 * @param url of the source; undefined where the environment has it already: then it is not copied into a file
 */
export function envText(variable: string, url: string | undefined): string {
  const line = url === undefined ? `# ${variable} is set in the environment.` : `${variable}=${quoted(url)}`;
  return `# Settings of this folder. A variable of the environment wins. reportctl help environment names them all.
# Not for the repository: it can hold passwords.
${line}
# Where run publishes: a folder, or s3://bucket/prefix
REPORTCTL_DESTINATION=./out
`;
}

/** As dotenv reads it back unchanged: within quotes that the value does not have. */
function quoted(value: string): string {
  if (/^[\w./:@?&=%+,~*-]+$/.test(value)) return value;
  const quote = ["'", '`'].find((each) => !value.includes(each)) ?? '"';
  return `${quote}${value}${quote}`;
}

/** A workflow for GitHub Actions. @param version of this program */
export function workflowText(version: string): string {
  return `# Compares what the reports export from their fixtures with the goldens. It needs no database and no secret.
name: reports
on: [push, pull_request]
permissions:
  contents: read
jobs:
  test:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
      - uses: actions/setup-node@v4
        with:
          node-version: 22
      - run: npx --yes reportctl@${version} test
`;
}
