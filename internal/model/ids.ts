/**
 * Every id that the cluster computes with, each a type of its own. `parse…` checks what comes from
 * outside by the rules of contract 5.2; ids from our own log or checkpoint are branded as they are.
 */
import { type Brand, brand } from '#internal/base/brand.ts';
import { accept, refuse, type Result } from '#internal/base/result.ts';

export type AgentId = Brand<string, 'AgentId'>;
export type ExecutorId = Brand<string, 'ExecutorId'>;
export type FrameworkId = Brand<string, 'FrameworkId'>;
export type MasterId = Brand<string, 'MasterId'>;
export type OfferId = Brand<string, 'OfferId'>;
export type OperationId = Brand<string, 'OperationId'>;
export type Role = Brand<string, 'Role'>;
export type StreamId = Brand<string, 'StreamId'>;
export type TaskId = Brand<string, 'TaskId'>;

export const agentId = (value: string): AgentId => brand<AgentId>(value);
export const executorId = (value: string): ExecutorId => brand<ExecutorId>(value);
export const frameworkId = (value: string): FrameworkId => brand<FrameworkId>(value);
export const masterId = (value: string): MasterId => brand<MasterId>(value);
export const offerId = (value: string): OfferId => brand<OfferId>(value);
export const operationId = (value: string): OperationId => brand<OperationId>(value);
export const role = (value: string): Role => brand<Role>(value);
export const streamId = (value: string): StreamId => brand<StreamId>(value);
export const taskId = (value: string): TaskId => brand<TaskId>(value);

const idBytesMax = 255;

/** Accepts an id that may become part of a path, or says why not, in the contract's words (5.2). */
export function parseId(value: string): Result<string, string> {
  if (value === '') return refuse('ID must not be empty');
  if (new TextEncoder().encode(value).length > idBytesMax) {
    return refuse(`ID must not be greater than ${idBytesMax} characters`);
  }
  if (value === '.' || value === '..') return refuse(`'${value}' is disallowed`);
  // oxlint-disable-next-line no-control-regex -- control characters are just what is refused here.
  if (/[\u0000-\u001f\u007f/\\]/u.test(value)) {
    return refuse(`'${value}' contains invalid characters`);
  }
  return accept(value);
}
