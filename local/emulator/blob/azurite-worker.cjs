// Runs Azurite's blob service in a thread of its own: it starts beside everything else, keeps the main thread free, dies
// with the process however that ends, and can be given the emulator's virtual time without touching anybody else's.
const { parentPort, workerData } = require('node:worker_threads');

const { originReal, originVirtual, speed } = workerData.clock;
const RealDate = globalThis.Date;
const virtualNow = () => originVirtual + (RealDate.now() - originReal) * speed;
// SAS start and expiry, token lifetimes and Last-Modified are then all virtual.
globalThis.Date = new Proxy(RealDate, {
  construct: (target, args, newTarget) =>
    Reflect.construct(target, args.length === 0 ? [virtualNow()] : args, newTarget),
  apply: () => new RealDate(virtualNow()).toString(),
  get: (target, key) => (key === 'now' ? virtualNow : Reflect.get(target, key)),
});

process.env.AZURITE_ACCOUNTS = workerData.accounts;

const BlobServer = require('azurite/dist/src/blob/BlobServer').default;
const BlobConfiguration = require('azurite/dist/src/blob/BlobConfiguration').default;

const folder = workerData.folder;
const configuration = new BlobConfiguration(
  '127.0.0.1',
  0,
  60, // keep-alive, seconds
  folder === undefined ? undefined : `${folder}/blobs.json`,
  folder === undefined ? undefined : `${folder}/extents.json`,
  folder === undefined ? undefined : [{ locationId: 'Default', locationPath: `${folder}/extents`, maxConcurrency: 50 }],
  false, // access log
  undefined,
  false, // debug log
  undefined,
  true, // loose: parameters it does not know are ignored, as the service's newer versions know them
  true, // any x-ms-version
  '',
  '',
  '',
  'basic', // takes bearer tokens; the front has verified them
  false, // production-style hosts: the account is the host's first label
  folder === undefined,
);

const server = new BlobServer(configuration);
// TLS ends at the front. Azurite refuses tokens and https-only SAS on what it takes for plain HTTP, so it is told.
server.httpServer.on('connection', (socket) => {
  socket.encrypted = true;
});

parentPort.on('message', async () => {
  await server.close();
  parentPort.postMessage({ closed: true });
  parentPort.close();
});

server.start().then(
  () => parentPort.postMessage({ port: server.httpServer.address().port }),
  (error) => parentPort.postMessage({ error: String(error) }),
);
