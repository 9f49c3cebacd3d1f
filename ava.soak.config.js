/** `npm run soak`: the long simulations. */
export default {
  extensions: ['ts'],
  files: ['{cmd,internal,raft,storage,proto,chaos,test}/**/*.sim.test.ts'],
  timeout: '20m',
};
