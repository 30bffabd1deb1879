// Prints the names of the cases whose chain Node accepts in a handshake: node judge.mjs FOLDER
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import tls from "node:tls";

const folder = process.argv[2];
const own = join(folder, "..", "own"); // a pair for the side that is not judged

function handshake({ key, cert, ca, use }) {
  const judged = { key, cert }, other = { key: readFileSync(join(own, "key.pem")), cert: readFileSync(join(own, "chain.pem")) };
  const [ours, theirs] = use === "server" ? [judged, other] : [other, judged];
  return new Promise((resolve) => {
    const end = (verdict) => { server.close(); resolve(verdict); };
    const server = tls.createServer({ ...ours, ca, requestCert: use === "device", rejectUnauthorized: false });
    server.on("secureConnection", (socket) => {
      if (use === "device") { end(socket.authorized); }
      socket.on("error", () => {}).end();
    });
    server.on("tlsClientError", () => end(false));
    server.listen(0, "127.0.0.1", () => {
      const client = tls.connect({
        ...theirs, ca, port: server.address().port, host: "127.0.0.1",
        checkServerIdentity: () => undefined, // the chain is judged, whatever the name
        rejectUnauthorized: use === "server",
      });
      client.on("secureConnect", () => { if (use === "server") { end(client.authorized); client.end(); } });
      client.on("error", () => end(false)).resume();
    });
  });
}

for (const name of readdirSync(folder)) {
  const read = (file) => readFileSync(join(folder, name, file));
  const accepted = await handshake({
    key: read("key.pem"), cert: read("chain.pem"), ca: read("ca.pem"), use: String(read("use")),
  });
  if (accepted) console.log(name);
}
