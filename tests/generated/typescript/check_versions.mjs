// Old and new version of one protocol in TypeScript: each reads what the other sends, for every
// vector of both. tests/codegen/test_versions.py does it for Python.
//
//   node check_versions.mjs <folder of old.js> <old/vectors.json> <folder of now.js> <now/...>
//
// Exit status 1 and one line for each disagreement.

import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";

const OLD_VERSION = 1;
const [oldFolder, oldVectors, nowFolder, nowVectors] = process.argv.slice(2);
const load = (folder, name) => import(pathToFileURL(`${folder}/${name}.js`).href);
const packetsOf = (file) => JSON.parse(readFileSync(file, "utf8")).protocols[0].packets;
const old = (await load(oldFolder, "old")).PACKETS;
const now = (await load(nowFolder, "now")).PACKETS;
const { DecodeError } = await load(oldFolder, "pcwire");
const failures = [];
let cases = 0;

const bytes = (text) => new Uint8Array(Buffer.from(text, "hex"));
const hex = (data) => Buffer.from(data).toString("hex");

/** The payload that is sent. */
const sent = (type, value, version) => type.encode(value, version).subarray(4);

function expect(what, actual, wanted) {
  if (actual !== wanted) {
    failures.push(`${what}: ${actual}, not ${wanted}`);
  }
}

/** The new side reads the old one and answers in its bytes. */
function checkOld(id, payload, what) {
  const answer = sent(now.get(id), now.get(id).decode(payload), OLD_VERSION);
  expect(what, hex(sent(old.get(id), old.get(id).decode(answer))), hex(payload));
}

/** The old side reads what the new one sends at its version. */
function checkNow(id, payload, what) {
  const said = sent(now.get(id), now.get(id).decode(payload), OLD_VERSION);
  const read = sent(old.get(id), old.get(id).decode(said));
  const again = sent(now.get(id), now.get(id).decode(read), OLD_VERSION);
  expect(what, hex(sent(old.get(id), old.get(id).decode(again))), hex(read));
}

function reason(type, payload) {
  try {
    type.decode(payload);
  } catch (error) {
    return error instanceof DecodeError ? error.reason : `${error}`;
  }
  return "taken";
}

/** The newest frame is refused or its tail skipped, but never misread. */
function checkNewest(id, payload, skips, what) {
  const newest = now.get(id).decode(payload);
  const all = sent(now.get(id), newest);
  const known = sent(now.get(id), newest, OLD_VERSION);
  if (hex(all) !== hex(known) && !skips) {
    expect(`${what}, newest`, reason(old.get(id), all), "trailing");
    return;
  }
  const [one, other] = [all, known].map((data) => hex(sent(old.get(id), old.get(id).decode(data))));
  expect(`${what}, newest`, one, other);
}

function checkPacket(packet, isNew) {
  for (const item of old.has(packet.id) ? packet.accept : []) {
    const what = `${packet.name}, ${item.name}`;
    if (isNew) {
      checkNow(packet.id, bytes(item.payload), what);
      checkNewest(packet.id, bytes(item.payload), packet.name === "ticked", what);
      cases++;
    } else if (item.encoded === undefined) { // else another newer version's
      checkOld(packet.id, bytes(item.payload), what);
      cases++;
    }
  }
}

packetsOf(oldVectors).forEach((packet) => checkPacket(packet, false));
packetsOf(nowVectors).forEach((packet) => checkPacket(packet, true));
failures.slice(0, 50).forEach((failure) => console.log(failure));
console.log(`${cases} cases, ${failures.length} failures`);
process.exit(failures.length === 0 && cases > 0 ? 0 : 1);
