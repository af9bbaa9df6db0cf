// The driver of driver.c for the generated TypeScript: the same lines in and out.
//
//   node driver.mjs <folder of the compiled modules> <versions> <protocol...>

import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";

const [folder, versions, ...protocols] = process.argv.slice(2);
const load = (name) => import(pathToFileURL(`${folder}/${name}.js`).href);
const { DecodeError } = await load("pcwire");
const types = new Map();
for (const protocol of protocols) {
  for (const [id, type] of (await load(protocol)).PACKETS) {
    types.set(id, type);
  }
}

const hex = (bytes) => Buffer.from(bytes).toString("hex");

function answer(line) {
  const [id, payload] = line.split(" ");
  const type = types.get(Number(id));
  let packet;
  try {
    packet = type.decode(new Uint8Array(Buffer.from(payload, "hex")));
  } catch (error) {
    if (error instanceof DecodeError) {
      return "no";
    }
    throw error;
  }
  const frames = [];
  for (let version = 1; version <= Number(versions); version++) {
    frames.push(hex(type.encode(packet, version)));
  }
  return ["ok", ...frames].join(" ");
}

const lines = readFileSync(0, "utf8").split("\n").slice(0, -1);
process.stdout.write(lines.map((line) => answer(line) + "\n").join(""));
