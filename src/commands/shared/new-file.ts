// Creates files that did not exist.
import { mkdir, open, rm } from 'node:fs/promises';
import { dirname } from 'node:path';

/**
 * Creates a file with its folders; nothing that exists is replaced, be it a link or a device.
 * @param mode of the file, before the umask
 * @returns false when it exists. @throws what the system answers
 */
export async function createFile(path: string, text: string, mode = 0o666): Promise<boolean> {
  await mkdir(dirname(path), { recursive: true });
  const handle = await open(path, 'wx', mode).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'EEXIST') return undefined;
    throw error;
  });
  if (handle === undefined) return false;
  await handle
    .writeFile(text)
    .catch(async (error: unknown) => {
      await rm(path, { force: true });
      throw error;
    })
    .finally(() => handle.close());
  return true;
}
