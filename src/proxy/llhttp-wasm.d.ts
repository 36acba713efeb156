/** llhttp as WebAssembly, in the packaging of undici, whose parser it is too. */
declare module 'undici/lib/llhttp/llhttp-wasm.js' {
  const bytes: Uint8Array
  export default bytes
}

/** The part of the language that `llhttp.ts` uses; Node's types leave it to those of the DOM. */
declare namespace WebAssembly {
  class Module {
    constructor(bytes: Uint8Array)
  }
  class Instance {
    constructor(
      module: Module,
      imports: Record<string, Record<string, (...at: number[]) => number>>,
    )
    readonly exports: unknown
  }
}
