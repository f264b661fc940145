// Server-sent events with better-sse. More threads than one are a cluster: each worker publishes the
// whole schedule to the streams that it has.
import cluster from 'node:cluster';
import { parseOptions } from './options.mjs';
import { Publisher, now, report } from './publisher.mjs';
import { serve } from './serve.mjs';

const options = parseOptions();

function onSignal(handler) {
  for (const signal of ['SIGTERM', 'SIGINT']) process.on(signal, handler);
}

const print = text => process.stdout.write(`${text}\n`);
const printAndExit = text => process.stdout.write(`${text}\n`, () => process.exit(0));

function serveAlone() {
  const channels = serve(options, port => {
    print(`listening on ${port}`);
    publisher.run(now());
  });
  const publisher = new Publisher(channels, options);
  onSignal(() => printAndExit(report(publisher.published, publisher.took)));
}

// The primary alone ends it, so signals to the process group are not the workers' business.
function serveAsWorker() {
  onSignal(() => {});
  const channels = serve(options, port => process.send({ port }));
  const publisher = new Publisher(channels, options);
  process.on('message', ({ start }) => {
    if (start) publisher.run(start);
    else process.send({ published: publisher.published, took: publisher.took });
  });
}

const all = (workers, event) => Promise.all(workers.map(worker => new Promise(done => worker.once(event, done))));

async function serveWithWorkers() {
  cluster.setupPrimary({ serialization: 'advanced' });
  cluster.on('exit', worker => {
    console.error(`worker ${worker.process.pid} has died`);
    process.exit(1);
  });
  const workers = Array.from({ length: options.threads }, () => cluster.fork());
  const [{ port }] = await all(workers, 'message');
  print(`listening on ${port}`);
  const start = now();
  for (const worker of workers) worker.send({ start });
  onSignal(async () => {
    for (const worker of workers) worker.send({});
    const reports = await all(workers, 'message');
    const took = Float64Array.from(reports.flatMap(({ took }) => [...took]));
    cluster.removeAllListeners('exit');
    const ended = all(workers, 'exit');
    for (const worker of workers) worker.process.kill('SIGKILL');
    await ended;
    printAndExit(report(Math.max(...reports.map(({ published }) => published)), took));
  });
}

if (cluster.isWorker) serveAsWorker();
else if (options.threads > 1) serveWithWorkers();
else serveAlone();
