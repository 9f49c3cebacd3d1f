/** The catalogue, as the program knows it. */
export { catalogue as raftMutants } from './catalogue.ts';
