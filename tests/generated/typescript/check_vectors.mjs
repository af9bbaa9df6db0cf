// Generated TypeScript against the vectors that the C and Python codecs pass too.
//
//   node check_vectors.mjs <folder of the compiled modules> <vectors.json>
//
// Exit status 1 and one line for each disagreement.

import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";

const [folder, file] = process.argv.slice(2);
const load = (name) => import(pathToFileURL(`${folder}/${name}.js`).href);
const wire = await load("pcwire");
const failures = [];
let checks = 0;

function check(what, good) {
  checks++;
  if (!good) {
    failures.push(what);
  }
}

const hex = (bytes) => Buffer.from(bytes).toString("hex");
const bytes = (text) => new Uint8Array(Buffer.from(text, "hex"));

/** JSON has integers that a number cannot hold; they become bigints. */
function parse(text) {
  const marked = text.replace(/(?<=[\s[,:])-?\d{16,}(?=[\s\],}])/g, '"#$&"');
  return JSON.parse(marked, (_, value) =>
    typeof value === "string" && value.startsWith("#") ? BigInt(value.slice(1)) : value);
}

/** The vectors' values are lists in the order of fields; text and bytes are hexadecimal. */
function same(actual, expected) {
  if (actual === null || typeof actual === "boolean") {
    return actual === expected;
  }
  if (typeof actual === "bigint") {
    return actual === BigInt(expected);
  }
  if (typeof actual === "number") {
    return Object.is(actual, expected);
  }
  if (typeof actual === "string") {
    return hex(Buffer.from(actual)) === expected;
  }
  if (actual instanceof Uint8Array) {
    return hex(actual) === expected;
  }
  let parts = Array.isArray(actual) ? actual : Object.values(actual);
  if ("tag" in actual && parts.length === 1 && expected.length === 2) {
    parts = [actual.tag, null];
  }
  return parts.length === expected.length && parts.every((part, i) => same(part, expected[i]));
}

function reason(action, kind) {
  try {
    action();
  } catch (error) {
    return error instanceof kind ? error.reason : `${error}`;
  }
  return "taken";
}

function checkVersions(name, module, type, value, sample) {
  const payload = bytes(sample.payload);
  const met = new Set();
  for (let version = type.since; version <= module.VERSION; version++) {
    const older = type.encode(value, version).subarray(4);
    met.add(older.length);
    check(`${name}: version ${version}`, hex(older) === hex(payload.subarray(0, older.length)));
  }
  const ends = [...sample.ends, payload.length].filter((end, i, all) => all.indexOf(end) === i);
  check(`${name}: ends ${[...met]}, not ${ends}`, ends.every((end) => met.has(end)));
}

function checkSample(entry, module, type, sample) {
  const name = `${entry.protocol}.${entry.name} ${sample.name}`;
  const payload = bytes(sample.payload);
  const value = type.decode(payload);
  check(`${name}: values`, same(value, sample.values));
  const frame = type.encode(value);
  check(`${name}: bytes`, hex(frame.subarray(4)) === sample.payload);
  const parts = wire.splitFrame(frame);
  check(`${name}: header`, parts.id === entry.id && parts.payload.length === payload.length);
  const again = module.decodeFrame(frame);
  check(`${name}: frame`, again.name === entry.name && same(again.packet, sample.values));
  check(`${name}: limits`, frame.length >= type.frameMin && frame.length <= type.frameMax);
  checkVersions(name, module, type, value, sample);
  return frame;
}

function checkEnds(entry, type, sample) {
  const payload = bytes(sample.payload);
  for (let size = 0; size < payload.length; size++) {
    const said = reason(() => type.decode(payload.subarray(0, size)), wire.DecodeError);
    const wanted = sample.ends.includes(size) ? "taken" : "truncated";
    check(`${entry.name} cut at ${size}: ${said}, not ${wanted}`, said === wanted);
  }
}

/** Whatever the pieces that a connection brings, the frames are the same. */
function checkStream(frames) {
  const stream = new wire.FrameStream();
  const all = Buffer.concat(frames);
  const found = [];
  for (let at = 0, size = 1; at < all.length; at += size, size = (size * 7) % 4099) {
    found.push(...stream.push(new Uint8Array(all.subarray(at, at + size))));
  }
  check("stream", found.length === frames.length
    && found.every((frame, i) => hex(frame) === hex(frames[i])));
  const small = new wire.FrameStream(8);
  for (const bad of ["0900010000", "03000100"]) {
    check(`stream: ${bad}`, reason(() => small.push(bytes(bad)), wire.DecodeError) === "size");
  }
}

const frames = [];
for (const entry of parse(readFileSync(file, "utf8"))) {
  const module = await load(entry.protocol);
  const type = module.PACKETS.get(entry.id);
  check(`${entry.name}: name`, type.name === `${entry.protocol}.${entry.name}`);
  for (const sample of entry.samples) {
    frames.push(checkSample(entry, module, type, sample));
  }
  checkEnds(entry, type, entry.samples[1]);
  for (const item of entry.broken) {
    const said = reason(() => type.decode(bytes(item.payload)), wire.DecodeError);
    check(`${entry.name}: ${item.what}: ${said}, not ${item.reason}`, said === item.reason);
  }
}
checkStream(frames);
for (const failure of failures.slice(0, 50)) {
  console.log(failure);
}
console.log(`${checks} checks, ${failures.length} failures`);
process.exit(failures.length === 0 && checks > 0 ? 0 : 1);
