/** Both ends of the link between agent and master: what either side says, as bytes and back. */
import type { AgentMessage, MasterMessage } from '#proto/gen/altiplano/agent/v1.ts';
import { decode, encode } from './protobuf.ts';

/** `decode` throws a `WireError` for bytes that are no message of the other side. */
type Codec<Out, In> = {
  encode(message: Out): Uint8Array;
  decode(bytes: Uint8Array): In;
};

export const agentSideCodec: Codec<AgentMessage, MasterMessage> = {
  encode: (message) => encode('altiplano.agent.v1.AgentMessage', message),
  decode: (bytes) => decode('altiplano.agent.v1.MasterMessage', bytes),
};

export const masterSideCodec: Codec<MasterMessage, AgentMessage> = {
  encode: (message) => encode('altiplano.agent.v1.MasterMessage', message),
  decode: (bytes) => decode('altiplano.agent.v1.AgentMessage', bytes),
};
