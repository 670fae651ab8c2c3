/** Set by web/build.mjs: the script of the worker, as a string in a module of its own. */
declare module "worker source" {
  const source: string;
  export default source;
}
