/**
 * `npm run soak`: the long simulations, and the long tests of real processes. One file at a time:
 * real processes are promised times that hold on a machine of their own.
 */
export default {
  extensions: ['ts'],
  files: ['{cmd,internal,raft,storage,proto,chaos,test}/**/*.sim.test.ts'],
  concurrency: 1,
  timeout: '20m',
};
