// Objects, strings and buffers that come and go. The argument is the number of rounds.
'use strict';

let seed = 2026;
function dice(limit) {
  seed = (Math.imul(seed, 1103515245) + 12345) >>> 0;
  return (seed >>> 16) % limit;
}

const rounds = Number(process.argv[2] || 10);
const kept = [];
let sum = 0;
for (let round = 0; round < rounds; round++) {
  const table = new Map();
  for (let i = 0; i < 40000; i++) {
    const key = 'k' + dice(9000);
    table.set(key, (table.get(key) || '') + 'x'.repeat(dice(20)));
  }
  const buffers = Array.from({ length: 2000 }, () => Buffer.alloc(200 + dice(40000), round));
  sum += JSON.stringify([...table]).length + buffers.reduce((all, one) => all + one.length, 0);
  kept[dice(3)] = buffers;
}
console.log(sum);
