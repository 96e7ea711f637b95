// Another Matrix server, for as long as its standard input is open. Takes one job as JSON, its argument:
//
//   {"name", "url", "destination", "room", "token"}   its own name, an address with a port; base URL and name of ours; a
//     public room there, and the token of somebody in it
//
// It joins the room and writes `joined`. Each line of input is said there, with word of somebody typing, beside whatever
// came into the room since it joined; then the line is written.
import { createInterface } from "node:readline";
import { Peer } from "../../bench/federation/peer.mjs";
import { serve } from "../../bench/federation/server.mjs";
import { Signer } from "../../bench/federation/signing.mjs";

const WHO = "carol";

const { name, url, destination, room, token } = JSON.parse(process.argv[2]);
const signer = Signer.withNewKey(name);
const server = await serve(signer);
const peer = new Peer(signer, { url, destination });
await peer.join(room, WHO);
const speak = await peer.speaker(room, WHO, token);
console.log("joined");
for await (const line of createInterface({ input: process.stdin })) {
  await speak({ msgtype: "m.text", body: line });
  await peer.tell("m.typing", { room_id: room, user_id: `@${WHO}:${name}`, typing: true });
  console.log(line);
}
server.close();
server.closeAllConnections();
process.exit();
