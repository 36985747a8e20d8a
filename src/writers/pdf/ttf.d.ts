// A font file, as the builds give it: its address, relative to the module that imports it or absolute.
declare module '*.ttf' {
  const address: string;
  // biome-ignore lint/style/noDefaultExport: esbuild's loader `file` exports it so
  export default address;
}
