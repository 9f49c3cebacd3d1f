/** `npm test`: everything but the long simulations, which `npm run soak` runs. */
export default {
  extensions: ['ts'],
  files: ['{cmd,internal,raft,storage,proto,chaos,test}/**/*.test.ts', '!**/*.sim.test.ts'],
  timeout: '120s',
};
