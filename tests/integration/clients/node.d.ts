// The little of Node that story.ts uses; Node's own types are no package of Debian's compiler.

declare module "node:net" {
  interface Socket {
    write(data: Uint8Array): boolean;
    on(event: "data", listener: (chunk: Uint8Array) => void): this;
    on(event: "close", listener: () => void): this;
  }
  export function connect(port: number, host: string): Socket;
}

declare const process: { readonly argv: readonly string[] };
declare const console: { log(text: string): void };
