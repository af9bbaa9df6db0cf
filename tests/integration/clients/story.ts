// A player who speaks through the generated TypeScript: registers, logs in, echoes, enters, moves,
// chats and leaves. Prints what it hears, a word for each packet; throws if something is otherwise.

import { connect } from "node:net";
import * as client from "./proto/client.js";
import { Result, Role } from "./proto/common.js";
import { FrameStream } from "./proto/pcwire.js";
import { ClientFromGate, ClientFromGateHandlers } from "./proto/roles/client.js";

const [port, name] = process.argv.slice(2) as [string, string];
const password = "correct horse battery";
const socket = connect(Number(port), "127.0.0.1");
const said: string[] = [];
let entityId = 0n;

function heard(what: string, good: boolean): void {
  said.push(what);
  if (!good) {
    throw new Error(`${said.join(" ")}: not what it should be`);
  }
}

const player: ClientFromGateHandlers = {
  onClientHelloReply(packet) {
    heard("hello", packet.result === Result.OK && packet.compatHash === client.COMPAT_HASH
      && packet.schemaHash === client.SCHEMA_HASH);
    socket.write(client.RegisterRequest.encode({ name, password }));
  },
  onClientRegisterReply(packet) {
    heard("register", packet.result === Result.OK);
    socket.write(client.LoginRequest.encode({ name, password }));
  },
  onClientLoginReply(packet) {
    heard("login", packet.result === Result.OK && packet.accountId > 0n);
    socket.write(client.EchoRequest.encode({ sequence: 7, text: "\uc548\ub155" }));
  },
  onClientEchoReply(packet) {
    heard("echo", packet.sequence === 7 && packet.text === "\uc548\ub155");
    socket.write(client.Ping.encode({ clientTimeMs: 1n << 60n }));
  },
  onClientPong(packet) {
    heard("pong", packet.clientTimeMs === 1n << 60n);
    socket.write(client.EnterWorld.encode({}));
  },
  onClientEnterReply(packet) {
    heard("enter", packet.result === Result.OK);
    entityId = packet.entityId;
    const position = { x: packet.position.x + 1, y: packet.position.y };
    socket.write(client.Move.encode({ sequence: 1, position }));
  },
  onClientMoveNotice(packet) {
    heard("move", packet.entityId === entityId && packet.sequence === 1);
    socket.write(client.Chat.encode({ sequence: 1, text: "hello" }));
  },
  onClientChatNotice(packet) {
    heard("chat", packet.name === name && packet.text === "hello");
    socket.write(client.Logout.encode({}));
  },
  onClientGoodbye() {
    heard("goodbye", true);
  },
  onClientServerStatus(packet) {
    if (packet.server !== Role.GAME && packet.server !== Role.DB) {
      heard("status", false);
    }
  },
  onClientRefusal(packet) {
    heard(`refusal ${Result[packet.result]}`, false);
  },
  onClientLeftWorld() {
    heard("left", false);
  },
  onClientLeaveNotice() {
    heard("leave", false);
  },
};

const dispatcher = new ClientFromGate(player);
const stream = new FrameStream(client.FRAME_MAX);
socket.on("data", (chunk) => stream.push(chunk).forEach((frame) => dispatcher.dispatch(frame)));
socket.on("close", () => console.log(said.join(" ")));
socket.write(client.Hello.encode({
  protocol: client.NAME, version: client.VERSION, compatHash: client.COMPAT_HASH,
  schemaHash: client.SCHEMA_HASH,
}));
