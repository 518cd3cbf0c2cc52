// node our-client.mjs produce N | latency N
import { app, noop } from './app.mjs';
import { latencies, print, rate, waves } from './client.mjs';

const [what, count = ''] = process.argv.slice(2);
if (what === 'produce') {
  await noop.delay(1, 2);
  print(rate(Number(count), await waves(Number(count), (i) => noop.delay(i, 1))));
} else {
  print(
    await latencies(Number(count), async (i) => {
      if ((await noop.delay(i, 1).get({ timeout: 10 })) !== i + 1) throw new Error('a wrong result');
    }),
  );
}
await app.close();
process.exit(0);
