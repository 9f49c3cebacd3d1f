import { once } from 'node:events';
import test from 'ava';
import { trace } from '@opentelemetry/api';
import { httpListener } from '#internal/runtime/real/http-server.ts';
import { openLogBook } from '#internal/runtime/simulated/logger.ts';
import { openTelemetry } from './open-telemetry.ts';

const serviceName = 'altiplano-test';

test('nothing is opened for those who did not ask', async (t) => {
  t.is(await openTelemetry({ env: { PATH: '/bin' }, serviceName }), undefined);
  t.is(await openTelemetry({ env: { OTEL_SERVICE_NAME: '' }, serviceName }), undefined);
  const disabled = { OTEL_SDK_DISABLED: 'true', OTEL_SERVICE_NAME: 'a' };
  t.is(await openTelemetry({ env: disabled, serviceName }), undefined);
});

test('spans reach the collector that the environment names, at the latest when it is disposed of', async (t) => {
  const seen = new EventTarget();
  const spans = once(seen, 'spans');
  const { logger } = openLogBook({ nowMs: () => 0 });
  const paths: string[] = [];
  await using collector = await httpListener({ logger }).listen(
    { host: '127.0.0.1', port: 0, bodyBytesMax: 1_000_000 },
    ({ target, body }) => {
      paths.push(target);
      if (target === '/v1/traces' && Buffer.from(body).includes('law of the house')) {
        seen.dispatchEvent(new Event('spans'));
      }
      return { kind: 'whole', status: 200, headers: {}, body: new Uint8Array(0) };
    },
  );
  const endpoint = `http://127.0.0.1:${collector.port}`;
  process.env['OTEL_EXPORTER_OTLP_ENDPOINT'] = endpoint;
  process.env['OTEL_EXPORTER_OTLP_PROTOCOL'] = 'http/protobuf';
  process.env['OTEL_TRACES_EXPORTER'] = 'otlp';
  const telemetry = await openTelemetry({ env: process.env, serviceName });
  t.truthy(telemetry);
  trace.getTracer('test').startSpan('law of the house').end();
  await telemetry?.[Symbol.asyncDispose]();
  await spans;
  t.true(paths.includes('/v1/traces'), paths.join());
});
