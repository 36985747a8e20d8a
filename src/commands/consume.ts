// reportctl consume: prints code with which another tool reads a published file correctly.
import { Command, Option } from 'commander';
import { withDestination } from '../destinations/for-session.js';
import { openNamedSide } from '../verify/diff/side.js';
import { placeOf } from '../verify/place.js';
import { consumingLines, READER_NAMES } from './consume/readers.js';
import { withChoices } from './shared/choices.js';
import { addCommonOptions, type CommonOptions, type Context, openSession } from './shared/context.js';
import { printJson } from './shared/print.js';

interface ConsumeOptions extends CommonOptions {
  readonly as: string;
}

export function consumeCommand(context: Context): Command {
  const command = new Command('consume')
    .description('prints code that reads a published file correctly: types, dialect, nulls, zone')
    .argument('<file>', 'a file, s3:// URL or key at the destination')
    .addOption(
      withChoices(new Option('--as <reader>', 'the tool that reads it'), READER_NAMES).makeOptionMandatory(),
    );
  addCommonOptions(command);
  return command.action(async (named: string, options: ConsumeOptions) => {
    const session = await openSession(context, options);
    const { config, stdout } = session;
    const place = await placeOf(named, config);
    await withDestination(
      session,
      async (destination) => {
        const withDays = 'a file of the report, such as status and verify print them';
        const naming = { command: 'consume', named, folder: config, withDays };
        const { location, manifest } = await openNamedSide(destination, place, naming);
        const lines = consumingLines(options.as, { location, manifest });
        if (session.json) printJson(stdout, { location, as: options.as, lines: lines.join('\n') });
        // Unchanged: the lines are code, in which names are escaped already.
        else stdout.write(`${lines.join('\n')}\n`);
      },
      { where: place.root },
    );
  });
}
