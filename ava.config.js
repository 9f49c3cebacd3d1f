/** `npm test`: everything but the long simulations, which `npm run soak` runs. */
export default {
  extensions: ['ts'],
  files: ['{bench,cmd,internal,raft,storage,proto,chaos,test}/**/*.test.ts', '!**/*.sim.test.ts'],
  timeout: '120s',
};
