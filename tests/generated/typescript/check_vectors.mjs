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
let cases = 0;

function check(what, good) {
  checks++;
  if (!good) {
    failures.push(what);
  }
}

const hex = (bytes) => Buffer.from(bytes).toString("hex");
const bytes = (text) => new Uint8Array(Buffer.from(text, "hex"));

/** A field's name, whatever its case. */
const bare = (name) => name.replaceAll("_", "").toLowerCase();

/** codegen/README.md says how the vectors write values. */
function same(actual, expected) {
  if (actual === null || typeof actual === "boolean") {
    return actual === expected;
  }
  if (typeof actual === "bigint") {
    return actual === BigInt(expected);
  }
  if (typeof actual === "number" || typeof actual === "string") {
    return Object.is(actual, expected);
  }
  if (actual instanceof Uint8Array) {
    return hex(actual) === expected;
  }
  if (Array.isArray(actual)) {
    return actual.length === expected.length && actual.every((item, i) => same(item, expected[i]));
  }
  if ("tag" in actual && "case" in expected) {
    return (actual.unknownTag ?? actual.tag) === expected.tag
      && same(actual.value ?? null, expected.value);
  }
  const fields = Object.entries(expected);
  return Object.keys(actual).length === fields.length
    && Object.entries(actual).every(([name, value], i) =>
      bare(name) === bare(fields[i][0]) && same(value, fields[i][1]));
}

function reason(action, kind) {
  try {
    action();
  } catch (error) {
    return error instanceof kind ? error.reason : `${error}`;
  }
  return "taken";
}

function checkAccept(entry, module, type, item) {
  const name = `${entry.name}, ${item.name}`;
  const payload = bytes(item.payload);
  const value = type.decode(payload);
  check(`${name}: values`, same(value, item.value));
  const frame = type.encode(value);
  check(`${name}: bytes`, hex(frame.subarray(4)) === (item.encoded ?? item.payload));
  const parts = wire.splitFrame(frame);
  check(`${name}: header`, parts.id === entry.id && parts.payload.length === frame.length - 4);
  const again = module.decodeFrame(frame);
  check(`${name}: frame`, again.name === entry.name && same(again.packet, item.value));
  check(`${name}: limits`, frame.length >= type.frameMin && frame.length <= type.frameMax);
  if (item.version !== undefined) {
    const older = type.encode(value, item.version);
    check(`${name}: version`, hex(older.subarray(4)) === item.payload);
  }
  return frame;
}

function checkEncode(entry, type, item) {
  const nearest = type.decode(bytes(item.payload));
  const name = Object.keys(nearest).find((key) => bare(key) === bare(item.name.split(":")[0]));
  const field = Object.keys(item.value).find((key) => bare(key) === bare(name));
  const frame = type.encode({ ...nearest, [name]: item.value[field] });
  check(`${entry.name}, ${item.name}: bytes`, hex(frame.subarray(4)) === item.payload);
}

function checkCuts(entry, type, item) {
  const payload = bytes(item.payload);
  for (let size = 0; item.cuts !== undefined && size < payload.length; size++) {
    const said = reason(() => type.decode(payload.subarray(0, size)), wire.DecodeError);
    const wanted = item.cuts.includes(size) ? "taken" : "truncated";
    check(`${entry.name}, ${item.name} cut at ${size}: ${said}, not ${wanted}`, said === wanted);
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

function checkPacket(protocol, module, entry) {
  const type = module.PACKETS.get(entry.id);
  check(`${entry.name}: name`, type.name === `${protocol.name}.${entry.name}`);
  check(`${entry.name}: bounds`, type.frameMin === entry.frame_min
    && type.frameMax === entry.frame_max);
  for (const item of entry.accept) {
    cases++;
    frames.push(checkAccept(entry, module, type, item));
    checkCuts(entry, type, item);
  }
  for (const item of entry.encode) {
    cases++;
    checkEncode(entry, type, item);
  }
  for (const item of entry.reject) {
    cases++;
    const said = reason(() => type.decode(bytes(item.payload)), wire.DecodeError);
    check(`${entry.name}, ${item.name}: ${said}, not ${item.reason}`, said === item.reason);
  }
}

const frames = [];
const vectors = JSON.parse(readFileSync(file, "utf8"));
check("format", vectors.format === 1);
for (const protocol of vectors.protocols) {
  const module = await load(protocol.name);
  for (const entry of protocol.packets) {
    checkPacket(protocol, module, entry);
  }
}
checkStream(frames);
for (const failure of failures.slice(0, 50)) {
  console.log(failure);
}
console.log(`${cases} cases, ${checks} checks, ${failures.length} failures`);
process.exit(failures.length === 0 && checks > 0 ? 0 : 1);
