// How an application uses the generated modules; what must not compile is marked, and what must be
// refused at run time is tried. Throws if anything is otherwise.

import * as client from "./protocol/client.js";
import { DecodeError, EncodeError, FrameStream } from "./protocol/pcwire.js";
import { ClientFromGate, ClientFromGateHandlers } from "./protocol/roles/client.js";
import * as wire from "./usage/pcwire.js";
import * as wide from "./usage/wide.js";

function assert(what: string, good: boolean): void {
  if (!good) {
    throw new Error(what);
  }
}

// ---- what the compiler says ----

// @ts-expect-error: a field is missing
const cut = () => client.EchoRequest.encode({ sequence: 1 });
// @ts-expect-error: u64 is a bigint
const wrong: wide.Target = { tag: wide.TargetTag.ENTITY, value: 5 };
// @ts-expect-error: this case carries nothing
const empty: wide.Target = { tag: wide.TargetTag.NOBODY, value: 5n };
// @ts-expect-error: a handler is missing
const few: ClientFromGateHandlers = { onClientEchoReply() {} };
assert("made", [cut, wrong, empty, few].length === 4);

/** A switch over the tag knows the value's type. */
export function describe(target: wide.Target): string {
  switch (target.tag) {
    case wide.TargetTag.NOBODY:
      return "nobody";
    case wide.TargetTag.ENTITY:
      return `entity ${target.value + 1n}`;
    case wide.TargetTag.GROUND:
      return `level ${target.value.level}`;
    case wide.TargetTag.PERSON:
      return target.value.name;
  }
}

/** So does one over a packet's name. */
export function sequenceOf(packet: client.Packet): number {
  return packet.name === "echo_request" ? packet.packet.sequence : 0;
}

assert("hash of now", wide.compatHash(wide.VERSION) === wide.COMPAT_HASH);
assert("hash of the first", wide.compatHash(1) !== wide.COMPAT_HASH && wide.compatHash(1) !== 0n);
assert("hash of none", wide.compatHash(0) === 0n && wide.compatHash(wide.VERSION + 1) === 0n);

// ---- a connection ----

const heard: string[] = [];
const handlers = new Proxy({} as ClientFromGateHandlers, {
  get: (_, name) => (packet: object) => heard.push(`${String(name)} ${JSON.stringify(packet)}`),
});
const dispatcher = new ClientFromGate(handlers);
const stream = new FrameStream(client.FRAME_MAX);
const bytes = client.EchoReply.encode({ sequence: 7, text: "\u00e9" });
for (const byte of bytes) {
  for (const frame of stream.push(Uint8Array.of(byte))) {
    dispatcher.dispatch(frame);
  }
}
assert(`heard ${heard}`, heard.join() === 'onClientEchoReply {"sequence":7,"text":"\u00e9"}');

function reasonOf(action: () => unknown): string {
  try {
    action();
  } catch (error) {
    if (error instanceof EncodeError || error instanceof DecodeError
      || error instanceof wire.EncodeError || error instanceof wire.DecodeError) {
      return error.reason;
    }
    throw error;
  }
  return "taken";
}

const request = client.EchoRequest.encode({ sequence: 1, text: "" });
assert("not for a client", reasonOf(() => dispatcher.dispatch(request)) === "id");
assert("cut", reasonOf(() => client.decodeFrame(bytes.subarray(0, 8))) === "size");
assert("short", reasonOf(() => client.decodeFrame(bytes.subarray(0, 3))) === "short");
assert("other", reasonOf(() => client.decodeFrame(Uint8Array.of(4, 0, 255, 255))) === "id");

// ---- values that the peer would refuse ----

const numbers: wide.Numbers = {
  tiny: 1, cold: 0, large: 5n, ratio: 0.5, wide: 0, turn: 90, fine: 0.001, mood: wide.Mood.GLAD,
  steps: wide.Step.RUN | wide.Step.FLY, mark: 9, levels: [], moods: [77, wide.Mood.SAD], angles: [],
};
const texts: wide.Texts = { plain: "abc", shown: "\u00e9", key: new Uint8Array(4) };
const maybe: wide.Maybe = {
  number: null, kind: null, steps: null, spot: null, text: null, blob: null, words: null,
  three: null, target: null, turn: null, truth: null,
};
const refusals: [string, string, () => unknown][] = [
  ["good numbers", "taken", () => wide.Numbers.encode(numbers)],
  ["good texts", "taken", () => wide.Texts.encode(texts)],
  ["good maybe", "taken", () => wide.Maybe.encode(maybe)],
  ["tiny", "range", () => wide.Numbers.encode({ ...numbers, tiny: 61 })],
  ["half", "range", () => wide.Numbers.encode({ ...numbers, tiny: 1.5 })],
  ["no number", "range", () => wide.Numbers.encode({ ...numbers, cold: NaN })],
  ["large", "range", () => wide.Numbers.encode({ ...numbers, large: 4n })],
  ["ratio", "range", () => wide.Numbers.encode({ ...numbers, ratio: 1.01 })],
  ["NaN", "range", () => wide.Numbers.encode({ ...numbers, wide: NaN })],
  ["turn", "float", () => wide.Numbers.encode({ ...numbers, turn: Infinity })],
  ["mood", "range", () => wide.Numbers.encode({ ...numbers, mood: 40000 })],
  ["steps", "flags", () => wide.Numbers.encode({ ...numbers, steps: 4 })],
  ["mark", "range", () => wide.Numbers.encode({ ...numbers, mark: 256 })],
  ["level", "range", () => wide.Numbers.encode({ ...numbers, levels: [2, 10] })],
  ["levels", "count", () => wide.Numbers.encode({ ...numbers, levels: [2, 2, 2, 2, 2] })],
  ["moods", "count", () => wide.Numbers.encode({ ...numbers, moods: [0] })],
  ["kind", "enum", () => wide.Maybe.encode({ ...maybe, kind: 3 as wide.Kind })],
  ["short", "count", () => wide.Texts.encode({ ...texts, plain: "ab" })],
  ["long", "count", () => wide.Texts.encode({ ...texts, plain: "a".repeat(21) })],
  ["ascii", "charset", () => wide.Texts.encode({ ...texts, plain: "abc\u00e9" })],
  ["tab", "charset", () => wide.Texts.encode({ ...texts, shown: "\t" })],
  ["NUL", "utf8", () => wide.Texts.encode({ ...texts, shown: "\0" })],
  ["surrogate", "utf8", () => wide.Texts.encode({ ...texts, shown: "\ud800" })],
  ["key", "count", () => wide.Texts.encode({ ...texts, key: new Uint8Array(3) })],
];
for (const [what, wanted, action] of refusals) {
  const said = reasonOf(action);
  assert(`${what}: ${said}, not ${wanted}`, said === wanted);
}
