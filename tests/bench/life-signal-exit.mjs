// SPDX-License-Identifier: LGPL-2.1-or-later
// The npm package signal-exit. It has one life only; "stay" is node's own process.on ().
import { writeSync } from "node:fs";

const sayNow = () => writeSync (1, `${process.hrtime.bigint ()}\n`);

if (process.argv[2] === "stay")
  process.on ("SIGTERM", sayNow);
else
  {
    const { onExit } = await import (`${process.env.BENCH_NODE_MODULES}/signal-exit/dist/mjs/index.js`);
    onExit (sayNow);
  }
setInterval (() => {}, 1 << 30);
writeSync (1, "ready\n");
