/**
 * Loaded before everything else into the thread of a test file (`node --import`): plants the mutant
 * that the environment names, and says so on stderr once it is loaded.
 */
import process from 'node:process';
import { assert } from '#internal/base/assert.ts';
import { catalogue } from './catalogue.ts';
import { clusterMutants } from './cluster-mutants.ts';
import { plant } from './plant.ts';

const wanted = process.env['MUTANT'];
const mutant = [...catalogue, ...clusterMutants].find(({ name }) => name === wanted);
assert(mutant !== undefined, `there is no mutant "${wanted}"`);
plant(mutant, () => process.stderr.write(`planted ${mutant.name}\n`));
