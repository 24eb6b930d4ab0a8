// JSON, Map, Buffer, zlib and worker threads; prints digests of what it made.
import { createHash } from "node:crypto";
import { Worker, isMainThread, parentPort, workerData } from "node:worker_threads";
import { gzipSync, gunzipSync } from "node:zlib";
import { fileURLToPath } from "node:url";

const digest = (data) => createHash("sha256").update(data).digest("hex");

function work(seed, count) {
    let state = seed;
    const draw = (limit) => (state = (state * 1103515245 + 12345) % 2147483648) % limit;
    const map = new Map();
    for (let i = 0; i < count; i++) {
        map.set(`key ${draw(count)}`, { at: i, list: Array.from({ length: draw(8) }, () => i) });
    }
    const text = JSON.stringify([...map.entries()].sort());
    const back = new Map(JSON.parse(text));
    const buffers = [];
    for (let i = 0; i < count / 50; i++) {
        buffers.push(Buffer.alloc(1 + draw(20000), i % 256));
    }
    const all = Buffer.concat(buffers);
    const packed = gzipSync(text);
    const same = gunzipSync(packed).toString() === text;
    return [map.size, back.size, same, digest(text), digest(all)].join(" ");
}

if (isMainThread) {
    const count = Number(process.argv[2]);
    console.log(work(1, count));
    const file = fileURLToPath(import.meta.url);
    const answers = [2, 3, 4, 5].map(
        (seed) =>
            new Promise((resolve, reject) => {
                const worker = new Worker(file, { workerData: { seed, count } });
                worker.on("message", resolve);
                worker.on("error", reject);
            }),
    );
    for (const answer of await Promise.all(answers)) {
        console.log(answer);
    }
} else {
    parentPort.postMessage(work(workerData.seed, workerData.count));
}
