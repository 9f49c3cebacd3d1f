/**
 * OpenTelemetry for those who ask for it: any `OTEL_*` variable in the environment loads the SDK,
 * which reads the rest of its settings from there (endpoint, service name, exporters). Without one
 * it is not even loaded, because that takes a third of a second of every start.
 */
export type Environment = Readonly<Record<string, string | undefined>>;

export type OpenTelemetryOptions = {
  readonly env: Environment;
  /** Names this program unless `OTEL_SERVICE_NAME` does: `altiplano-master`. */
  readonly serviceName: string;
};

/** Dispose it last: that sends what is still held back. Undefined when nobody asked for it. */
export async function openTelemetry({
  env,
  serviceName,
}: OpenTelemetryOptions): Promise<AsyncDisposable | undefined> {
  if (!isWanted(env)) return undefined;
  const { NodeSDK } = await import('@opentelemetry/sdk-node');
  const sdk = new NodeSDK({ serviceName: env['OTEL_SERVICE_NAME'] ?? serviceName });
  sdk.start();
  return { [Symbol.asyncDispose]: () => sdk.shutdown() };
}

function isWanted(env: Environment): boolean {
  if (env['OTEL_SDK_DISABLED']?.toLowerCase() === 'true') return false;
  return Object.entries(env).some(([name, value]) => name.startsWith('OTEL_') && value !== '');
}
